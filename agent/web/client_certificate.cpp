// Client certificates by OpenSSL's own verification; see client_certificate.hpp.
#include "web/client_certificate.hpp"

#include <openssl/x509_vfy.h>

#include <memory>

namespace docksweep::web {

std::string certificate_subject(SSL* connection) {
  const X509* shown = SSL_get0_peer_certificate(connection);
  if (shown == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return {};
  char name[256] = {};
  X509_NAME_oneline(X509_get_subject_name(shown), name, sizeof name);
  return name[0] != '\0' ? name : "certificate";
}

bool is_still_trusted(SSL* connection, SSL_CTX* settings) {
  X509* shown = SSL_get0_peer_certificate(connection);
  if (shown == nullptr || SSL_CTX_get_verify_mode(settings) == SSL_VERIFY_NONE) return false;
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              &X509_STORE_CTX_free);
  // On a server the chain is what the client sent beside its own certificate: the intermediate ones.
  if (!check || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(settings), shown,
                                    SSL_get_peer_cert_chain(connection)) != 1) {
    return false;
  }
  X509_STORE_CTX_set_default(check.get(), "ssl_client");  // the purpose, as in a handshake
  return X509_verify_cert(check.get()) == 1;
}

}  // namespace docksweep::web
