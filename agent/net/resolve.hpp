// Host names to addresses, with a deadline; and how soon the kernel notices a dead peer.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "net/connection.hpp"

namespace docksweep::net {

// Addresses of a host, in the resolver's order; a literal address needs no resolver.
boost::asio::awaitable<transport_result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(
    boost::asio::any_io_executor executor, std::string host, std::uint16_t port, deadline until);

// A peer that vanished is noticed after about two minutes (the kernel's default is over two hours): what ends an event
// stream, which may be silent for days and therefore has no deadline.
void set_keep_alive_times(int socket);

}  // namespace docksweep::net
