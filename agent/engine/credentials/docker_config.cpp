// Boost.JSON's parser, and docker/cli's and the kubelet's reading of each field.
#include "engine/credentials/docker_config.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "engine/credentials/registry_auth.hpp"
#include "net/base64.hpp"

namespace docksweep::engine {
namespace {

namespace json = boost::json;
using core::failure_code;

constexpr std::string_view white_space = " \t\r\n";

// Text under `key`; std::nullopt: something else is there, or nothing (`absent`) or null, which docker/cli reads alike.
struct field {
  std::optional<std::string_view> text;
  bool absent = true;
};

field text_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (const auto* text = value->if_string()) return {std::string_view(text->data(), text->size()), false};
  return {std::nullopt, false};
}

bool has_text(const field& which) {
  return which.text && !which.text->empty();
}

// docker/cli cuts zero bytes off both ends of a password: an old version wrote them.
std::string_view without_zeros(std::string_view text) {
  while (text.starts_with('\0')) text.remove_prefix(1);
  while (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

// What makes an entry; of several forms in one entry the tokens count, because `docker login` leaves a placeholder in
// `auth` beside an identity token; then `auth` before username and password (docker/cli, kubelet).
class entry_reader {
 public:
  entry_reader(const json::object& from, docker_config::entry& to) : from_(from), to_(to) {}

  // false: there is no credential in it.
  bool read() {
    if (from_.empty()) return false;
    if (read_token("identitytoken", credential::kind::identity_token)) return true;
    if (read_token("registrytoken", credential::kind::registry_token)) return true;
    const auto auth = text_of(from_, "auth");
    if (!auth.absent && !auth.text) return broken("its auth is no text");
    return has_text(auth) ? read_auth(*auth.text) : read_fields();
  }

 private:
  bool broken(std::string why) {
    to_.login = {};
    to_.problem = std::move(why);
    return true;
  }

  bool read_token(std::string_view key, credential::kind kind) {
    const auto token = text_of(from_, key);
    if (!token.absent && !token.text) return broken(fmt::format("its {} is no text", key));
    if (!has_text(token)) return false;
    to_.login = {.is = kind, .value = secret(*token.text)};
    return check();
  }

  bool read_auth(std::string_view auth) {
    const auto decoded = net::decode_base64(auth);
    if (!decoded) return broken("its auth is no base64");
    const auto colon = decoded->find(':');
    if (colon == std::string::npos) return broken("its auth is not base64 of user:password (there is no colon)");
    if (colon == 0) return broken("its auth has no user name");
    to_.login = {.username = decoded->substr(0, colon),
                 .value = secret(without_zeros(std::string_view(*decoded).substr(colon + 1)))};
    return check();
  }

  bool read_fields() {
    const auto user = text_of(from_, "username"), password = text_of(from_, "password");
    if (user.absent && password.absent) return false;
    if ((!user.absent && !user.text) || (!password.absent && !password.text)) {
      return broken("its username or password is no text");
    }
    if (!has_text(user) && !has_text(password)) return false;
    if (!has_text(user)) return broken("it has a password, but no username");
    if (password.absent) return broken("it has a username, but no password");
    to_.login = {.username = std::string(*user.text), .value = secret(*password.text)};
    return check();
  }

  bool check() {
    if (const auto why = why_not_sendable(to_.login); !why.empty()) return broken(why);
    return true;
  }

  const json::object& from_;
  docker_config::entry& to_;
};

}  // namespace

struct docker_config::reader {
  docker_config& to;

  std::unexpected<core::failure> broken(std::string_view what) const {
    return core::fail(failure_code::invalid,
                      fmt::format("{} is no configuration of registry credentials: {}; it has the "
                                  "form of docker's config.json (`docker login` writes one)",
                                  to.source_, what));
  }

  core::result<void> read(std::string_view text) {
    if (text.size() > config_limit_bytes) {
      return core::fail(failure_code::too_large,
                        fmt::format("{} has more than {} KiB: that is no configuration of registry credentials",
                                    to.source_, config_limit_bytes >> 10));
    }
    if (text.find_first_not_of(white_space) == std::string_view::npos) return {};
    json::parse_options options;
    options.max_depth = config_depth_limit;
    options.allow_invalid_utf8 = true;  // a strange label elsewhere in the file is nobody's problem
    json::error_code error;
    const auto parsed = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return broken(fmt::format("it is not JSON ({})", error.message()));
    const auto* top = parsed.if_object();
    if (top == nullptr) return broken("it is JSON, but no object");
    return read_top(*top);
  }

  core::result<void> read_top(const json::object& top) {
    const auto *auths = top.if_contains("auths"), *helpers = top.if_contains("credHelpers");
    const auto store = text_of(top, "credsStore");
    if (!store.absent && !store.text) return broken("credsStore is no text");
    if (store.text) to.store_ = *store.text;
    if (helpers != nullptr && !helpers->is_null()) {
      if (!helpers->is_object()) return broken("credHelpers is no object");
      read_helpers(helpers->get_object());
    }
    if (auths != nullptr && !auths->is_null()) {
      if (!auths->is_object()) return broken("auths is no object");
      read_entries(auths->get_object(), false);
    }
    // .dockercfg: the kubelet knows it by the secret's type; here by the absence of what the newer form is made of.
    if (auths == nullptr && helpers == nullptr && store.absent) read_entries(top, true);
    return {};
  }

  void read_helpers(const json::object& from) {
    for (const auto& [name, value] : from) {
      const auto key = parse_registry_key(name);
      if (!key || !key->path.empty() || key->is_glob()) continue;
      helper found{.host = key->host, .as_docker_writes_it = name == server_address(key->host)};
      if (const auto* text = value.if_string()) found.name = std::string(text->data(), text->size());
      to.helpers_.push_back(std::move(found));
    }
  }

  // At the top level other objects than hosts are no entries: what is odd there is left alone.
  void read_entries(const json::object& from, bool among_others) {
    for (const auto& [name, value] : from) {
      auto key = parse_registry_key(name);
      if (!key || value.is_null()) continue;
      entry found{.key = std::move(*key)};
      found.as_docker_writes_it = name == server_address(found.key.host);
      if (const auto* fields = value.if_object()) {
        if (!entry_reader(*fields, found).read()) continue;
      } else {
        if (among_others) continue;
        found.problem = "it is no object";
      }
      to.entries_.push_back(std::move(found));
    }
  }
};

core::result<docker_config> docker_config::parse(std::string_view text, std::string source) {
  docker_config made;
  made.source_ = std::move(source);
  if (const auto read = reader{made}.read(text); !read) return std::unexpected(read.error());
  return made;
}

core::result<std::string> docker_config::helper_for(std::string_view host) const {
  const auto wanted = canonical_host(host);
  const helper* found = nullptr;
  for (const auto& each : helpers_) {
    if (each.host != wanted) continue;
    if (found == nullptr || (each.as_docker_writes_it && !found->as_docker_writes_it)) found = &each;
  }
  if (found == nullptr) return store_;
  if (!found->name) {
    return core::fail(failure_code::invalid,
                      fmt::format("{}: the entry for {} in credHelpers is no text; it names a helper, as in \"pass\"",
                                  source_, wanted));
  }
  return *found->name;
}

const docker_config::entry* docker_config::find(std::string_view host, std::string_view path) const {
  const auto wanted = canonical_host(host);
  const entry* found = nullptr;
  for (const auto& each : entries_) {
    if (!speaks_for(each.key, wanted, path)) continue;
    if (found == nullptr || nearer(each.key, found->key)) {
      found = &each;
    } else if (!nearer(found->key, each.key) && each.as_docker_writes_it && !found->as_docker_writes_it) {
      found = &each;  // two spellings of one registry: docker/cli looks for its own first
    }
  }
  return found;
}

core::result<std::optional<credential>> docker_config::login_for(std::string_view host, std::string_view path) const {
  const auto* found = find(host, path);
  if (found == nullptr) return std::nullopt;
  if (found->problem.empty()) return found->login;
  return core::fail(failure_code::invalid,
                    fmt::format("{}: the entry for {} cannot be used: {}; `docker login` writes a new one", source_,
                                canonical_host(host), found->problem));
}

}  // namespace docksweep::engine
