// Accepting connections, and everything's beginning and end; see server.hpp.
#include "web/server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <utility>

#include "web/address.hpp"
#include "web/listener.hpp"
#include "web/session.hpp"
#include "web/tls.hpp"

namespace docksweep::web {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using shared_listener = std::shared_ptr<listener>;

// Out of descriptors or memory: wait until some are free, instead of spinning.
constexpr auto accept_pause = std::chrono::milliseconds(100);

// Fills in who is at the other end.
void describe(connection& one, bool is_unix) {
  one.is_unix = is_unix;
  one.loopback = is_unix;
  one.peer = "unix";
  if (is_unix) return;
  error_code error;
  const auto remote = one.socket.remote_endpoint(error);
  if (error || remote.size() > sizeof(sockaddr_in6)) return;
  asio::ip::tcp::endpoint where;
  std::memcpy(where.data(), remote.data(), remote.size());
  where.resize(remote.size());
  auto address = where.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  one.loopback = address.is_loopback();
  one.peer = host_and_port(address.to_string(), where.port());
  one.socket.set_option(asio::ip::tcp::no_delay(true), error);
}

asio::awaitable<void> accept_all(std::shared_ptr<serving> all, shared_listener from) {
  asio::steady_timer pause(from->acceptor.get_executor());
  bool complained = false;
  while (from->acceptor.is_open()) {
    error_code error;
    stream_socket socket(from->acceptor.get_executor());
    co_await from->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (!from->acceptor.is_open()) break;
    if (error) {
      if (error == asio::error::connection_aborted) continue;
      if (!complained) spdlog::warn("cannot accept a connection on {}: {}", from->where, error.message());
      complained = true;
      pause.expires_after(accept_pause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    complained = false;
    auto one = all->open.admit(socket);
    if (!one) {
      refuse(std::move(socket), all->tls && !from->is_unix);
      continue;
    }
    describe(*one, from->is_unix);
    // The handler keeps the connection, and with it the cancellation signal, until the coroutine is gone.
    asio::co_spawn(from->acceptor.get_executor(), serve(all, one),
                   asio::bind_cancellation_slot(one->cancel.slot(), [one](const std::exception_ptr&) {}));
  }
}

struct loaded_files {
  std::shared_ptr<asio::ssl::context> tls;  // null: plain TCP
  credentials::loaded who;
};

core::result<loaded_files> load_files(const server_options& options) {
  loaded_files files;
  if (options.tls) {
    auto tls = load_tls(*options.tls);
    if (!tls) return std::unexpected(std::move(tls.error()));
    files.tls = std::move(*tls);
  }
  auto who = credentials::load(options);
  if (!who) return std::unexpected(std::move(who.error()));
  files.who = std::move(*who);
  return files;
}

}  // namespace

struct server::impl {
  impl(asio::any_io_executor where, server_options wanted, std::vector<route> routes, app::telemetry& counts)
      : executor(std::move(where)),
        options(std::move(wanted)),
        all(std::make_shared<serving>(executor, std::move(routes), counts, options.limits)) {}

  core::result<void> take_over(server_options wanted);
  core::result<void> listen_on(const server_options& wanted);
  void accept_on(std::vector<listener> opened);
  template <typename Which>
  void close_where(Which which);
  void close_listeners();

  asio::any_io_executor executor;
  server_options options;
  std::shared_ptr<serving> all;
  std::vector<shared_listener> listeners;
};

// Everything that can fail comes before anything that shows, but for ports that change hands.
core::result<void> server::impl::take_over(server_options wanted) {
  auto files = load_files(wanted);
  if (!files) return std::unexpected(std::move(files.error()));
  if (auto listening = listen_on(wanted); !listening) return listening;

  if (const auto problem = files->tls ? date_problem(*files->tls) : std::string(); !problem.empty()) {
    spdlog::warn("[web].tls.cert: clients will refuse {}: {}", wanted.tls->cert, problem);
  }
  all->who.adopt(std::move(files->who));
  all->tls = std::move(files->tls);
  all->names = wanted.names;
  options = std::move(wanted);
  return {};
}

// What is in the list already stays open throughout. From "0.0.0.0:9713" to "127.0.0.1:9713" the old socket has to go
// before the new one can come: when the new one cannot, the old one is opened again.
core::result<void> server::impl::listen_on(const server_options& wanted) {
  std::vector<std::string> fresh;
  for (const auto& text : wanted.listen) {
    const bool open = std::ranges::any_of(
        listeners, [&](const auto& one) { return one->configured == text && can_stay(*one, wanted.listen); });
    if (!open && std::ranges::find(fresh, text) == fresh.end()) fresh.push_back(text);
  }
  const auto goes = [&](const shared_listener& one) { return !can_stay(*one, wanted.listen); };
  const auto blocks = [&](const shared_listener& one) {
    return goes(one) && std::ranges::any_of(fresh, [&](const auto& text) { return stands_in_the_way(*one, text); });
  };
  std::vector<std::string> closed;
  for (const auto& one : listeners) {
    if (blocks(one) && std::ranges::find(closed, one->configured) == closed.end()) closed.push_back(one->configured);
  }
  // A name has several listeners, and comes back with all of them.
  close_where([&](const auto& one) { return std::ranges::find(closed, one->configured) != closed.end(); });
  auto opened = open_listeners(executor, fresh, wanted.listen, wanted.inherited);
  if (!opened) {
    auto again = open_listeners(executor, closed, options.listen, options.inherited);
    if (again) accept_on(std::move(*again));
    if (!again) spdlog::error("the addresses from before could not be opened again: {}", again.error().message);
    return std::unexpected(std::move(opened.error()));
  }
  close_where(goes);
  accept_on(std::move(*opened));
  return {};
}

void server::impl::accept_on(std::vector<listener> opened) {
  for (auto& one : opened) {
    listeners.push_back(std::make_shared<listener>(std::move(one)));
    asio::co_spawn(executor, accept_all(all, listeners.back()), asio::detached);
  }
}

template <typename Which>
void server::impl::close_where(Which which) {
  std::erase_if(listeners, [&](const auto& one) {
    if (!which(one)) return false;
    error_code ignored;
    one->file = socket_file{};
    one->acceptor.close(ignored);
    return true;
  });
}

void server::impl::close_listeners() {
  close_where([](const auto&) { return true; });
}

core::result<void> check_files(const server_options& options) {
  auto files = load_files(options);
  if (!files) return std::unexpected(std::move(files.error()));
  return {};
}

server::server(asio::any_io_executor executor, server_options options, std::vector<route> routes,
               app::telemetry& counts)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(options), std::move(routes), counts)) {}

server::~server() {
  impl_->close_listeners();
  impl_->all->open.close_all();
}

core::result<void> server::start() {
  return impl_->take_over(impl_->options);
}

core::result<void> server::reload(server_options options) {
  return impl_->take_over(std::move(options));
}

std::vector<std::string> server::addresses() const {
  std::vector<std::string> found;
  for (const auto& one : impl_->listeners) found.push_back(one->where);
  return found;
}

asio::awaitable<void> server::stop() {
  const auto self = impl_;
  self->close_listeners();
  self->all->open.stop(self->options.limits.stop);
  co_await self->all->open.emptied();
}

}  // namespace docksweep::web
