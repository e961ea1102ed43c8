// The server's side of TLS: [web].tls as an OpenSSL context.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "config/settings.hpp"
#include "core/failure.hpp"

namespace docksweep::web {

// Reads the files. TLS 1.2 at least, and in 1.2 only ciphers with forward secrecy and authenticated encryption (the
// "intermediate" list of Mozilla's Server Side TLS). With client_ca a client may show a certificate, and one that
// client_ca has not signed ends the handshake; who shows none goes on without (access.hpp decides what that is worth).
// Failures are `invalid` and name the key and the file; a key with a passphrase is one, as there is nobody to ask.
core::result<std::shared_ptr<boost::asio::ssl::context>> load_tls(const config::web_tls& files);

// Why clients will refuse the server's certificate today, for people: it is expired, or not valid yet. Empty: its dates
// are fine.
std::string date_problem(boost::asio::ssl::context& loaded);

}  // namespace docksweep::web
