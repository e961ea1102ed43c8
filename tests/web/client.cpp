#include "web/client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/trimmed.hpp"
#include "web/content.hpp"

namespace docksweep::web::testing {
namespace {

constexpr int patience_ms = 5000;

int connect_to(const sockaddr* address, socklen_t size) {
  const int made = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0 || ::connect(made, address, size) != 0) {
    const int error = errno;
    if (made >= 0) ::close(made);
    throw std::runtime_error(fmt::format("connect: {}", std::strerror(error)));
  }
  return made;
}

int connect_to(const std::string& where) {
  if (where.starts_with("unix://")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, where.c_str() + 7, sizeof address.sun_path - 1);
    return connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  const auto colon = where.rfind(':');
  const auto port = htons(static_cast<std::uint16_t>(std::stoi(where.substr(colon + 1))));
  auto host = where.substr(0, colon);
  if (host.front() == '[') {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = port;
    ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address.sin6_addr);
    return connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port;
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
}

}  // namespace

client::client(const std::string& where) : socket_(connect_to(where)) {}

client::client(client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

client::~client() {
  if (socket_ >= 0) ::close(socket_);
}

bool client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void client::half_close() {
  ::shutdown(socket_, SHUT_WR);
}

bool client::fill() {
  pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, patience_ms) != 1) return false;
  char bytes[16384];
  const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

answer client::read(bool head) {
  answer made;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return made;
  }
  std::string_view header(buffer_.data(), end);
  made.status = std::stoi(std::string(header.substr(9, 3)));
  for (auto line = header.find("\r\n"); line != std::string_view::npos; line = header.find("\r\n")) {
    header.remove_prefix(line + 2);
    const auto text = header.substr(0, header.find("\r\n"));
    const auto colon = text.find(':');
    made.headers.emplace(lower_case(text.substr(0, colon)), std::string(core::trimmed(text.substr(colon + 1))));
  }
  const auto length = made.header("content-length");
  const std::size_t wanted = head || length.empty() ? 0 : std::stoul(length);
  while (buffer_.size() < end + 4 + wanted) {
    if (!fill()) break;
  }
  made.body = buffer_.substr(end + 4, wanted);
  buffer_.erase(0, end + 4 + wanted);
  return made;
}

answer client::ask(std::string_view bytes, bool head) {
  send(bytes);
  return read(head);
}

bool client::ends_within(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) != 1) return false;
    char bytes[16384];
    if (::recv(socket_, bytes, sizeof bytes, 0) <= 0) return true;
  }
}

std::string get(std::string_view path, std::string_view headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", path, headers);
}

std::string post(std::string_view path, std::string_view headers, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", path, body.size(),
                     headers, body);
}

}  // namespace docksweep::web::testing
