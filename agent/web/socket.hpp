// What the openers of listening sockets share. Only listener.cpp and unix_listener.cpp include this.
#pragma once

#include <unistd.h>

#include <string_view>
#include <utility>

#include "core/failure.hpp"
#include "web/address.hpp"
#include "web/listener.hpp"

namespace docksweep::web {

inline constexpr int backlog = 128;

// A descriptor until somebody else owns it.
class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// "Cannot listen on WHERE ([web].listen): ERROR" and the advice, which begins with its own punctuation.
std::unexpected<core::failure> cannot_listen(std::string_view where, int error, std::string_view advice);

// Takes a listening socket over into Asio.
listener adopt(const boost::asio::any_io_executor& executor, descriptor socket, std::string_view configured);

core::result<listener> open_unix(const boost::asio::any_io_executor& executor, const listen_address& where,
                                 std::string_view configured);

}  // namespace docksweep::web
