// Who may see what: one pure decision for every request.
//
//  - The probes are open to everybody, always.
//  - With no user, token or client_ca configured, /metrics is open to everybody, and the page and the API are open to
//    this machine only: a loopback address or the Unix socket.
//  - With any of them configured, reading needs one of them, from this machine too (as in Prometheus' own web.yml).
//  - A POST always needs the bearer token or a client certificate; a basic-auth user may read only. Where neither is
//    configured it is a 403 that says how.
//  - Being local is worth nothing to a web page from elsewhere that a browser on this machine has open: what is open
//    because the peer is local wants a Host that is an address or a name of this machine (a rebound DNS name is
//    neither), and came through no proxy; and no POST may come from a foreign origin.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "web/content.hpp"

namespace docksweep::web {

enum class area { probe, metrics, page, api };  // page and api differ in nothing but what they are for

// What [web] holds.
struct credential_setup {
  bool users = false, token = false, client_ca = false;
  bool any() const { return users || token || client_ca; }
  bool any_for_post() const { return token || client_ca; }
};

enum class identity {
  nobody,   // no credential was shown
  unknown,  // one was shown, and it is wrong
  reader,   // a basic-auth user
  caller,   // the bearer token or a client certificate
};

struct access_query {
  bool post = false;
  area what = area::api;
  bool local = false;       // is_local_request()
  bool same_origin = true;  // is_same_origin()
  identity who = identity::nobody;
  credential_setup setup;
};

struct access_verdict {
  int status = 200;         // 200, 401 or 403
  std::string_view reason;  // for the peer: what is wrong and what to do; empty with 200
};

access_verdict decide_access(const access_query& query);

// From this machine, by no proxy, and (over TCP) with a Host that is an IP address, localhost or one of `names`.
bool is_local_request(const request& what, std::span<const std::string> names);

// False when a browser says that a page of another site sent this: Origin that is not Host, or Sec-Fetch-Site.
bool is_same_origin(const request& what);

// WWW-Authenticate for a 401, by what is configured.
void add_challenges(response& answer, const credential_setup& setup, bool post);

}  // namespace docksweep::web
