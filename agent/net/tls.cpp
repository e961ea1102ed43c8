// Reads certificates into an OpenSSL context; TLS 1.2 and later.
#include "net/tls.hpp"

#include <fmt/format.h>

namespace docksweep::net {
namespace {

namespace ssl = boost::asio::ssl;

core::result<void> problem(std::string_view what, const std::string& file, const boost::system::error_code& ec) {
  return core::fail(core::failure_code::invalid, fmt::format("cannot use {} \"{}\": {}", what, file, ec.message()));
}

core::result<void> load(ssl::context& context, const tls_files& files) {
  boost::system::error_code ec;
  if (files.ca.empty()) {
    context.set_default_verify_paths(ec);
    if (ec) return problem("the system's certificates", "", ec);
  } else if (context.load_verify_file(files.ca, ec); ec) {
    return problem("the CA certificate", files.ca, ec);
  }
  if (files.cert.empty() != files.key.empty()) {
    return core::fail(core::failure_code::invalid, "a client certificate needs both cert and key; only one is set");
  }
  if (files.cert.empty()) return {};
  context.use_certificate_chain_file(files.cert, ec);
  if (ec) return problem("the client certificate", files.cert, ec);
  context.use_private_key_file(files.key, ssl::context::pem, ec);
  if (ec) return problem("the client key", files.key, ec);
  return {};
}

}  // namespace

core::result<std::shared_ptr<ssl::context>> tls_contexts::get(const tls_files& files) {
  if (kept_) return kept_;
  auto fresh = std::make_shared<ssl::context>(ssl::context::tls_client);
  fresh->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                     ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  fresh->set_verify_mode(files.verify ? ssl::verify_peer : ssl::verify_none);
  const auto loaded = load(*fresh, files);
  if (!loaded) return std::unexpected(loaded.error());
  kept_ = std::move(fresh);
  return kept_;
}

}  // namespace docksweep::net
