// Makes the server's OpenSSL context; see tls.hpp.
#include "web/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

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
  error_code error;
  if (context->use_certificate_chain_file(files.cert, error); error) return cannot_use("cert", files.cert, error);
  if (context->use_private_key_file(files.key, ssl::context::pem, error); error)
    return cannot_use("key", files.key, error);
  if (SSL_CTX_check_private_key(handle) != 1) {
    return core::fail(core::failure_code::invalid,
                      fmt::format("[web].tls.key: {} is not the key of the certificate {}.", files.key, files.cert));
  }
  if (files.client_ca.empty()) return context;
  if (context->load_verify_file(files.client_ca, error); error) return cannot_use("client_ca", files.client_ca, error);
  SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(files.client_ca.c_str()));
  context->set_verify_mode(ssl::verify_peer, error);
  return context;
}

}  // namespace docksweep::web
