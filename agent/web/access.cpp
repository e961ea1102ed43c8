// The access rules of access.hpp.
#include "web/access.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace docksweep::web {
namespace {

// A 401 names a way to authenticate (RFC 9110, 15.5.2); where a certificate is the only one there is none to name.
int status_without_credential(const access_query& query) {
  const bool nameable = query.setup.token || (query.setup.users && !query.post);
  return nameable ? 401 : 403;
}

access_verdict decide_post(const access_query& query) {
  if (!query.same_origin) return {403, "This request came from a page of another site, and such requests are refused."};
  if (!query.setup.any_for_post()) {
    return {
        403,
        "A POST needs a credential, and none is configured. Set token_file (a bearer token) or tls.client_ca (client "
        "certificates) under [web] in the configuration, and send the token as \"Authorization: Bearer …\"."};
  }
  switch (query.who) {
    case identity::caller:
      return {};
    case identity::reader:
      return {403, "This user may read only: a POST needs the bearer token or a client certificate."};
    case identity::unknown:
      return {status_without_credential(query), "This credential is not known here."};
    case identity::nobody:
      break;
  }
  return {status_without_credential(query),
          "A POST needs the bearer token (\"Authorization: Bearer …\") or a client certificate."};
}

access_verdict decide_get(const access_query& query) {
  if (query.what == area::probe) return {};
  if (query.setup.any()) {
    if (query.who == identity::reader || query.who == identity::caller) return {};
    if (query.who == identity::unknown) return {status_without_credential(query), "This credential is not known here."};
    return {status_without_credential(query),
            "This needs a credential: a user and password, a bearer token or a client certificate."};
  }
  if (query.what == area::metrics || query.local) return {};
  return {403,
          "Without a credential this is shown on the machine itself only, by address or as localhost. To read it from "
          "elsewhere set users, token_file or tls.client_ca under [web] in the configuration."};
}

// The host of "host:port", "[::1]:port", "host"; without brackets.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return end == std::string_view::npos ? std::string_view{} : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.rfind(':'));
}

bool is_own_name(std::string_view host, std::span<const std::string> names) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (same_without_case(host, "localhost")) return true;
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(host), error);
  if (!error) return true;
  return std::ranges::any_of(names, [&](const auto& name) { return same_without_case(host, name); });
}

}  // namespace

access_verdict decide_access(const access_query& query) {
  return query.post ? decide_post(query) : decide_get(query);
}

bool is_local_request(const request& what, std::span<const std::string> names) {
  for (const auto header : {"forwarded", "x-forwarded-for", "x-real-ip", "via"}) {
    if (!what.header(header).empty()) return false;
  }
  if (what.from_unix_socket) return true;
  return what.from_loopback && is_own_name(host_of(what.header("host")), names);
}

bool is_same_origin(const request& what) {
  const auto site = what.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  auto origin = what.header("origin");
  if (origin.empty()) return true;
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;  // "null" too
  return same_without_case(origin.substr(scheme + 3), what.header("host"));
}

void add_challenges(response& answer, const credential_setup& setup, bool post) {
  if (setup.users && !post)
    answer.headers.emplace_back("WWW-Authenticate", R"(Basic realm="docksweep", charset="UTF-8")");
  if (setup.token) answer.headers.emplace_back("WWW-Authenticate", R"(Bearer realm="docksweep")");
}

}  // namespace docksweep::web
