// Unix sockets and their files; and how any listening socket comes into Asio (socket.hpp).
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "web/socket.hpp"

namespace docksweep::web {
namespace {

namespace asio = boost::asio;
using core::fail;
using core::failure_code;

constexpr mode_t socket_mode = 0660;

std::string text_of(const sockaddr* address, socklen_t size) {
  char host[NI_MAXHOST] = {}, port[NI_MAXSERV] = {};
  if (::getnameinfo(address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  std::uint16_t number = 0;
  std::from_chars(port, port + std::strlen(port), number);
  return host_and_port(host, number);
}

// True when somebody answers there.
bool is_alive(const sockaddr_un& address) {
  const descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) return true;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  return errno != ECONNREFUSED;  // EAGAIN: a full backlog is alive too
}

}  // namespace

std::unexpected<core::failure> cannot_listen(std::string_view where, int error, std::string_view advice) {
  return fail(failure_code::invalid,
              fmt::format("Cannot listen on {} ([web].listen): {}{}", where, std::strerror(error), advice));
}

listener adopt(const asio::any_io_executor& executor, descriptor socket, std::string_view configured) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  listener made{.configured = std::string(configured), .acceptor = stream_acceptor(executor)};
  made.is_unix = address.ss_family == AF_UNIX;
  const int protocol = made.is_unix ? 0 : IPPROTO_TCP;
  made.acceptor.assign(asio::generic::stream_protocol(address.ss_family, protocol), socket.get());
  socket.release();
  made.acceptor.non_blocking(true);
  if (made.is_unix) {
    const auto* path = reinterpret_cast<const sockaddr_un*>(&address)->sun_path;
    made.where = fmt::format("unix://{}", path);
  } else {
    made.where = text_of(reinterpret_cast<sockaddr*>(&address), size);
  }
  return made;
}

core::result<listener> open_unix(const asio::any_io_executor& executor, const listen_address& where,
                                 std::string_view configured) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, where.path.c_str(), where.path.size() + 1);
  struct stat status{};
  if (::lstat(where.path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return cannot_listen(configured, EEXIST, ", and it is no socket. Choose another path.");
    if (is_alive(address)) {
      return cannot_listen(configured, EADDRINUSE,
                           ". Another program answers on this socket: stop it, or set another path in [web].listen.");
    }
    ::unlink(where.path.c_str());  // left behind by a process that is gone
  }
  descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return cannot_listen(configured, errno, ".");
  ::fchmod(socket.get(), socket_mode);  // Linux takes the file's mode from here: it is never open wider
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    return cannot_listen(configured, error,
                         error == ENOENT ? ". Its directory is missing: create it." : ". Is its directory writable?");
  }
  socket_file file(where.path);
  ::chmod(where.path.c_str(), socket_mode);  // whatever the umask took away
  if (::listen(socket.get(), backlog) != 0) return cannot_listen(configured, errno, ".");
  auto made = adopt(executor, std::move(socket), configured);
  made.file = std::move(file);
  return made;
}

socket_file::socket_file(std::string path) : path_(std::move(path)) {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

socket_file& socket_file::operator=(socket_file&& other) noexcept {
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

socket_file::~socket_file() {
  remove();
}

void socket_file::remove() noexcept {
  struct stat status{};
  if (path_.empty() || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace docksweep::web
