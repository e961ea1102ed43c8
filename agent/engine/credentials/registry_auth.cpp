// Boost.JSON writes the object.
#include "engine/credentials/registry_auth.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "engine/credentials/registry_key.hpp"
#include "net/base64.hpp"
#include "report/utf8.hpp"

namespace docksweep::engine {
namespace {

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto point = report::decode(text, at);
    if (point.value == 0xFFFD && point.bytes == 1) return false;
    at += point.bytes;
  }
  return true;
}

}  // namespace

std::string registry_auth(const credential& login, std::string_view host) {
  boost::json::object fields;
  switch (login.is) {
    case credential::kind::password:
      fields["username"] = login.username;
      fields["password"] = login.value.reveal();
      break;
    case credential::kind::identity_token:
      fields["identitytoken"] = login.value.reveal();
      break;
    case credential::kind::registry_token:
      fields["registrytoken"] = login.value.reveal();
      break;
  }
  fields["serveraddress"] = server_address(host);
  return net::encode_base64url(boost::json::serialize(fields));
}

std::string why_not_sendable(const credential& login) {
  if (!is_utf8(login.username)) return "its user name is no UTF-8";
  if (!is_utf8(login.value.reveal())) return "its password or token is no UTF-8";
  return "";
}

}  // namespace docksweep::engine
