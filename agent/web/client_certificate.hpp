// The certificate that a client showed: whose it is, and whether it still counts.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace docksweep::web {

// The subject of the certificate that the peer showed and client_ca signed ("/CN=prometheus"); empty: none.
std::string certificate_subject(SSL* connection);

// Whether `settings`, of a later reload, would take the certificate of this connection as well: its CA may have been
// withdrawn, and the certificate may have expired meanwhile.
bool is_still_trusted(SSL* connection, SSL_CTX* settings);

}  // namespace docksweep::web
