// The general part of the configuration, key by key, in the order of the commented default file.
#include "config/keys.hpp"

#include "config/slots.hpp"

namespace docksweep::config {
namespace {

using namespace std::chrono_literals;

constexpr auto soonest = 1s;  // no interval or deadline is shorter: the node comes first

text_slot mode_of(core::mode& place) {
  return word_of<core::mode>(place, {{core::mode::observe, "observe"}, {core::mode::enforce, "enforce"}});
}

table_slot client_tls(std::optional<tls_client>& place) {
  return {.present = [&place] { return place.has_value(); },
          .create = [&place] { place.emplace(); },
          .visit =
              [&place](key_visitor& v) {
                v.text("ca", file_of(place->ca));
                v.text("cert", file_of(place->cert));
                v.text("key", file_of(place->key));
              }};
}

table_slot section(std::function<void(key_visitor&)> visit) {
  return {.visit = std::move(visit)};
}

void describe_web(key_visitor& v, web_settings& web) {
  v.list("listen", list_of<std::string>(web.listen, "a list of addresses", parse_listen));
  v.table("tls", {.present = [&web] { return web.tls.has_value(); },
                  .create = [&web] { web.tls.emplace(); },
                  .visit =
                      [&web](key_visitor& inner) {
                        inner.text("cert", file_of(web.tls->cert));
                        inner.text("key", file_of(web.tls->key));
                        inner.text("client_ca", file_of(web.tls->client_ca));
                      }});
  v.names("users", {.what = "a user name",
                    .accept = [](const std::string& name) -> set_fault {
                      if (!name.empty() && name.find(':') == std::string::npos) return std::nullopt;
                      return core::text_fault{"a user name is not empty and has no \":\"", 0};
                    },
                    .names =
                        [&web] {
                          std::vector<std::string> out;
                          for (const auto& [name, hash] : web.users) out.push_back(name);
                          return out;
                        },
                    .visit =
                        [&web](key_visitor& inner, const std::string& name) {
                          auto slot =
                              string_of(web.users[name], "a bcrypt hash, as htpasswd -nB writes it", parse_bcrypt);
                          slot.secret = true;
                          inner.text(name, slot);
                        }});
  v.text("token_file", file_of(web.token_file));
}

void describe_alertmanager(key_visitor& v, alertmanager_settings& place) {
  v.list("urls", list_of<std::string>(place.urls, "a list of URLs", parse_http_url));
  v.text("poll", duration_of(place.poll, soonest));
  v.text("node", string_of(place.node, "a matcher, as in 'instance=~\"{hostname}(:.*)?\"'", parse_matcher_text));
  v.text("bearer_token_file", file_of(place.bearer_token_file));
  v.table("basic_auth", {.present = [&place] { return place.basic.has_value(); },
                         .create = [&place] { place.basic.emplace(); },
                         .visit =
                             [&place](key_visitor& inner) {
                               inner.text("username", string_of(place.basic->username, "a user name", parse_any_text));
                               inner.text("password_file", file_of(place.basic->password_file));
                             }});
  v.table("tls", client_tls(place.tls));
}

void describe_registries(key_visitor& v, std::map<std::string, registry_settings>& place) {
  v.names("registry", {.what = "a registry",
                       .accept = [](const std::string& name) -> set_fault {
                         const auto host = parse_registry_host(name);
                         if (host) return std::nullopt;
                         return host.error();
                       },
                       .names =
                           [&place] {
                             std::vector<std::string> out;
                             for (const auto& [name, registry] : place) out.push_back(name);
                             return out;
                           },
                       .visit =
                           [&place](key_visitor& inner, const std::string& name) {
                             inner.table(name, {.present = [] { return true; },
                                                .create = [&place, name] { place[name]; },
                                                .visit =
                                                    [&place, name](key_visitor& keys) {
                                                      keys.text("username", string_of(place[name].username,
                                                                                      "a user name", parse_any_text));
                                                      keys.text("password_file", file_of(place[name].password_file));
                                                    }});
                           }});
}

void describe_log(key_visitor& v, log_settings& log) {
  using enum log_level;
  v.text("level", word_of<log_level>(log.level, {{debug, "debug"}, {info, "info"}, {warn, "warn"}, {error, "error"}}));
  v.text("format", word_of<log_format>(log.format, {{log_format::logfmt, "logfmt"}, {log_format::json, "json"}}));
}

}  // namespace

void describe_keep(key_visitor& v, core::keep_rules& keep) {
  v.text("min_age", duration_of(keep.min_age, 0s));
  v.flag("local_only", keep.local_only);
  v.flag("ask_registry", keep.ask_registry);
  v.flag("digest_only", keep.digest_only);
  v.list("images", list_of<core::glob>(keep.images, "a list of globs", core::glob::compile));
  v.text("images_regex", optional_of<core::regex>(keep.images_regex, "an RE2 expression in quotes",
                                                  core::regex::compile, [](const core::regex& r) { return r.text(); }));
  v.list("labels", list_of<core::label_rule>(keep.labels, "a list of labels", core::label_rule::parse));
  v.list("containers", list_of<core::glob>(keep.containers, "a list of globs", core::glob::compile));
  v.number("per_repository", count_of(keep.per_repository, 1000000));
}

void describe_settings(key_visitor& v, settings& all) {
  v.text("mode", mode_of(all.mode));
  v.text("settle", duration_of(all.settle, 0s));
  v.table("engine", section([&all](key_visitor& s) {
            s.text("host",
                   string_of(all.engine.host, "an address, as in \"unix:///var/run/docker.sock\"", parse_engine_url));
            s.table("tls", client_tls(all.engine.tls));
            s.text("timeout", duration_of(all.engine.timeout, soonest));
            s.list("paths", list_of<std::string>(all.engine.paths, "a list of paths", parse_absolute_path));
          }));
  v.table("inventory", section([&all](key_visitor& s) {
            s.text("resync", duration_of(all.inventory.resync, soonest));
            s.text("disk_usage", duration_of(all.inventory.disk_usage, soonest));
          }));
  v.table("state", section([&all](key_visitor& s) {
            s.text("path", string_of(all.state.path, "the path of a file", parse_absolute_path));
            s.text("history", duration_of(all.state.history, 1h));
          }));
  v.table("metrics",
          section([&all](key_visitor& s) { s.number("per_image", count_of(all.metrics.per_image, 10000)); }));
  v.table("web", section([&all](key_visitor& s) { describe_web(s, all.web); }));
  v.table("log", section([&all](key_visitor& s) { describe_log(s, all.log); }));
  v.table("keep", section([&all](key_visitor& s) { describe_keep(s, all.keep); }));
  describe_policies(v, all.policies, all.keep);
  v.table("alertmanager", section([&all](key_visitor& s) { describe_alertmanager(s, all.alertmanager); }));
  describe_registries(v, all.registries);
}

}  // namespace docksweep::config
