// Sockets and OpenSSL for the scripted engine.
#include "support/wire.hpp"

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace docksweep::test {
namespace {

constexpr std::chrono::milliseconds slice(20);  // how soon a stop is noticed

}  // namespace

wire::wire(int socket, ssl_ctx_st* context, const std::atomic<bool>& stopped) : socket_(socket), stopped_(stopped) {
  if (context == nullptr) return;
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, socket_);
  open_ = SSL_accept(tls_) == 1;
}

wire::~wire() {
  close();
  if (tls_ != nullptr) SSL_free(tls_);
}

bool wire::readable(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (open_ && !stopped_) {
    if (tls_ != nullptr && SSL_pending(tls_) > 0) return true;
    pollfd waits{socket_, POLLIN, 0};
    if (::poll(&waits, 1, static_cast<int>(slice.count())) > 0) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
  }
  return false;
}

std::string wire::read() {
  if (!readable(std::chrono::hours(1))) return {};
  std::string bytes(16384, '\0');
  const auto size = tls_ != nullptr ? SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                    : ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (size <= 0) open_ = false;
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

void wire::write(std::string_view bytes) {
  while (open_ && !bytes.empty()) {
    const auto size = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      open_ = false;
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

void wire::send_session_ticket() {
  if (!open_ || SSL_new_session_ticket(tls_) != 1 || SSL_do_handshake(tls_) != 1) {
    throw std::runtime_error("cannot send a session ticket");
  }
}

bool wire::wait(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (open_ && !stopped_ && std::chrono::steady_clock::now() < until) {
    char byte = 0;
    pollfd waits{socket_, POLLIN, 0};
    if (::poll(&waits, 1, static_cast<int>(slice.count())) <= 0) continue;
    if (::recv(socket_, &byte, 1, MSG_PEEK) <= 0) {
      open_ = false;
    } else {
      ::usleep(5000);  // a request that has to wait its turn
    }
  }
  return open_ && !stopped_;
}

void wire::close() {
  // As real servers do: what a client finds on its idle connection is this farewell, and the end behind it.
  if (open_ && tls_ != nullptr) SSL_shutdown(tls_);
  open_ = false;
  if (socket_ < 0) return;
  ::close(socket_);
  socket_ = -1;
}

void wire::abort() {
  const linger hard{1, 0};
  if (socket_ >= 0) ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  open_ = false;  // no farewell
  close();
}

void ssl_context_deleter::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

std::unique_ptr<ssl_ctx_st, ssl_context_deleter> server_context(const certificate& own, const std::string& client_ca) {
  std::unique_ptr<ssl_ctx_st, ssl_context_deleter> context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate_chain_file(context.get(), own.cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), own.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("cannot use the certificate " + own.cert);
  }
  if (!client_ca.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), client_ca.c_str(), nullptr) != 1) {
      throw std::runtime_error("cannot use the authority " + client_ca);
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace docksweep::test
