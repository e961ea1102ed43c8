// Without libsystemd, which would be a dependency for one datagram.
#include "cli/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>

namespace docksweep::cli {

service_manager::service_manager(std::string_view notify_socket, std::string_view watchdog_usec)
    : socket_(notify_socket) {
  std::int64_t allowed = 0;
  const auto end = watchdog_usec.data() + watchdog_usec.size();
  const auto read = std::from_chars(watchdog_usec.data(), end, allowed);
  if (read.ec == std::errc() && read.ptr == end && allowed > 0) watchdog_ = std::chrono::microseconds(allowed / 2);
}

service_manager service_manager::from_environment() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  const char* watchdog = std::getenv("WATCHDOG_USEC");
  return {socket == nullptr ? "" : socket, watchdog == nullptr ? "" : watchdog};
}

void service_manager::tell(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  std::ranges::copy(socket_, address.sun_path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const int file = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(file, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
           length);
  ::close(file);
}

}  // namespace docksweep::cli
