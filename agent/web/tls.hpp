// The server's side of TLS: [web].tls as an OpenSSL context.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "config/settings.hpp"
#include "core/failure.hpp"

namespace docksweep::web {

// Reads the files. TLS 1.2 at least. With client_ca a client may show a certificate, and one that client_ca has not
// signed ends the handshake; who shows none goes on without (access.hpp decides what that is worth).
// Failures are `invalid` and name the key and the file.
core::result<std::shared_ptr<boost::asio::ssl::context>> load_tls(const config::web_tls& files);

}  // namespace docksweep::web
