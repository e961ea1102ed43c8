// Makes the server's OpenSSL context; see tls.hpp.
#include "web/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/error.hpp>
#include <string_view>

namespace docksweep::web {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

std::unexpected<core::failure> cannot_use(std::string_view key, std::string_view file, const error_code& error) {
  return core::fail(core::failure_code::invalid,
                    fmt::format("[web].tls.{}: {} cannot be used: {}.", key, file, error.message()));
}

}  // namespace

core::result<std::shared_ptr<ssl::context>> load_tls(const config::web_tls& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* handle = context->native_handle();
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);  // an idle scraper holds no 32 KiB
  static constexpr std::string_view session_context = "docksweep";
  SSL_CTX_set_session_id_context(handle, reinterpret_cast<const unsigned char*>(session_context.data()),
                                 session_context.size());
  SSL_CTX_set_cipher_list(handle, "ECDHE+AESGCM:ECDHE+CHACHA20");  // of TLS 1.2; 1.3 has no weak ones
  error_code error;
  if (context->use_certificate_chain_file(files.cert, error); error) return cannot_use("cert", files.cert, error);
  // OpenSSL would ask for a passphrase on the terminal, and wait.
  bool has_passphrase = false;
  context->set_password_callback([&](std::size_t, ssl::context::password_purpose) {
    has_passphrase = true;
    return std::string();
  });
  context->use_private_key_file(files.key, ssl::context::pem, error);
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
  if (error && has_passphrase) {
    return core::fail(core::failure_code::invalid,
                      fmt::format("[web].tls.key: {0} is encrypted with a passphrase, and an agent cannot be asked for "
                                  "it; `openssl pkey -in {0} -out NEW` writes the key without one.",
                                  files.key));
  }
  const bool other_key = error && error.category() == boost::asio::error::get_ssl_category() &&
                         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
  if (error && !other_key) return cannot_use("key", files.key, error);
  if (other_key || SSL_CTX_check_private_key(handle) != 1) {
    return core::fail(core::failure_code::invalid,
                      fmt::format("[web].tls.key: {} is not the key of the certificate {}.", files.key, files.cert));
  }
  if (files.client_ca.empty()) return context;
  if (context->load_verify_file(files.client_ca, error); error) return cannot_use("client_ca", files.client_ca, error);
  SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(files.client_ca.c_str()));
  context->set_verify_mode(ssl::verify_peer, error);
  return context;
}

std::string date_problem(ssl::context& loaded) {
  const X509* shown = SSL_CTX_get0_certificate(loaded.native_handle());
  if (shown == nullptr) return {};
  if (X509_cmp_current_time(X509_get0_notAfter(shown)) < 0) return "it is expired";
  if (X509_cmp_current_time(X509_get0_notBefore(shown)) > 0) return "it is not valid yet (or this clock is behind)";
  return {};
}

}  // namespace docksweep::web
