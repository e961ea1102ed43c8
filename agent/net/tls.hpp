// TLS settings of a client: which certificates to trust and which one to show.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "core/failure.hpp"
#include "net/endpoint.hpp"

namespace docksweep::net {

// Reads the PEM files once and keeps them until a handshake fails: replaced certificates are then read anew.
class tls_contexts {
 public:
  core::result<std::shared_ptr<boost::asio::ssl::context>> get(const tls_files& files);
  void forget() { kept_.reset(); }

 private:
  std::shared_ptr<boost::asio::ssl::context> kept_;
};

}  // namespace docksweep::net
