// Opens the sockets of [web].listen: TCP, Unix, and those that systemd hands over.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure.hpp"
#include "web/options.hpp"

namespace docksweep::web {

using stream_acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

// The file of a Unix socket: removed when this goes, unless somebody has put another in its place.
class socket_file {
 public:
  socket_file() = default;
  explicit socket_file(std::string path);
  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&& other) noexcept;
  ~socket_file();

 private:
  void remove() noexcept;

  std::string path_;  // empty: none
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

struct listener {
  std::string configured;  // as [web].listen has it
  std::string where;       // "127.0.0.1:9713" with the actual port, "unix:///run/docksweep.sock"
  bool is_unix = false;
  bool dual_stack = false;  // an IPv6 socket that takes IPv4 too
  stream_acceptor acceptor;  // non-blocking, listening
  socket_file file;
};

// Opens every address, or none: a failure (`invalid`) names the address and what to do about it. A name is opened at
// each of its addresses. The mode of a Unix socket is 0660; a file left behind by a dead process is replaced, a socket
// that somebody answers on is a failure. `all` is the whole of [web].listen, of which `texts` is the part to open.
core::result<std::vector<listener>> open_listeners(const boost::asio::any_io_executor& executor,
                                                   const std::vector<std::string>& texts,
                                                   const std::vector<std::string>& all,
                                                   const std::vector<int>& inherited);

// Whether a listener serves as well when [web].listen becomes `all`: it is in there, and "[::]:9713" is still to take
// IPv4 along, or not to.
bool can_stay(const listener& one, const std::vector<std::string>& all);

// Whether `one` may stand in the way of opening `text`, because it has the same port.
bool stands_in_the_way(const listener& one, std::string_view text);

// The descriptors of systemd's socket activation (sd_listen_fds(3)): `listen_pid` and `listen_fds` are the values of
// LISTEN_PID and LISTEN_FDS, empty where not set. None when they are meant for another process.
std::vector<int> inherited_descriptors(std::string_view listen_pid, std::string_view listen_fds, pid_t self);

}  // namespace docksweep::web
