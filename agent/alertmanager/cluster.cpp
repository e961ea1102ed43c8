#include "alertmanager/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <optional>

#include "alertmanager/alerts_json.hpp"
#include "net/base64.hpp"
#include "net/http_client.hpp"
#include "net/percent.hpp"
#include "net/small_file.hpp"

namespace docksweep::alertmanager {
namespace {

using app::task;
using core::failure_code;
using steady = std::chrono::steady_clock;

constexpr std::size_t answer_limit_bytes = 8 << 20;
constexpr std::size_t secret_limit_bytes = 64 << 10;

// "https://host:9093/am/" → the server, and "/am" before each path.
struct place {
  net::endpoint where;
  std::string prefix;
};

core::result<place> place_of(const std::string& text, const net::tls_files& tls) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return core::fail(failure_code::invalid, fmt::format("\"{}\" is no URL", text));
  boost::urls::url server(*parsed);
  std::string prefix(parsed->encoded_path());
  while (prefix.ends_with('/')) prefix.pop_back();
  server.set_encoded_path("");
  auto where = net::parse_endpoint(server.buffer(), tls);
  if (!where) return std::unexpected(std::move(where).error());
  return place{*std::move(where), std::move(prefix)};
}

// One line of a file; a line end after it is none of it.
core::result<std::string> secret_in(const std::string& path) {
  auto text = net::read_small_file(path, secret_limit_bytes);
  if (!text) return std::unexpected(std::move(text).error());
  if (!*text) return core::fail(failure_code::invalid, fmt::format("{} is not there", path));
  auto secret = **std::move(text);
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return core::fail(failure_code::invalid, fmt::format("{} is empty", path));
  if (std::ranges::any_of(secret, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return core::fail(failure_code::invalid, fmt::format("{} has more than one line in it", path));
  }
  return secret;
}

std::string beginning(std::string_view text) {
  constexpr std::size_t most = 200;
  std::string out(text.substr(0, most));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

struct member {
  member(std::string text, place at, const boost::asio::any_io_executor& executor, const cluster_options& options)
      : url(std::move(text)),
        prefix(std::move(at.prefix)),
        client(executor, std::move(at.where), {.peer = "Alertmanager", .trace = {}, .idle_connections = 1}),
        pause(options.pause_least) {}

  std::string url, prefix;
  net::http_client client;
  std::chrono::milliseconds pause;  // after the next failure; polls have a jitter of their own
  bool down = false;
  steady::time_point not_before{};
};

class cluster final : public app::alert_source {
 public:
  cluster(cluster_options options, app::alert_telemetry& counts, app::log_sink& log)
      : options_(std::move(options)), counts_(counts), log_(log) {}

  void add(std::unique_ptr<member> one) { members_.push_back(std::move(one)); }

  task<core::result<std::vector<core::alert>>> active_alerts(std::vector<core::label_matcher> filters) override {
    std::vector<core::alert> all;
    bool answered = false;
    std::string problem = "every Alertmanager has failed, and is left alone for a while";
    for (const auto& one : members_) {
      if (steady::now() < one->not_before) continue;
      auto asking = ask(*one, filters);
      auto found = co_await std::move(asking);
      if (!found && found.error().code == failure_code::cancelled) co_return std::unexpected(found.error());
      note(*one, found ? std::nullopt : std::optional(found.error()));
      if (!found) {
        problem = found.error().message;
        continue;
      }
      answered = true;
      for (auto& alert : *found) {
        const bool known = std::ranges::any_of(all, [&](const core::alert& other) {
          return other.fingerprint == alert.fingerprint && other.starts_at == alert.starts_at;
        });
        if (!known) all.push_back(std::move(alert));
      }
    }
    if (!answered) co_return core::fail(failure_code::unreachable, std::move(problem));
    co_return all;
  }

 private:
  task<core::result<std::vector<core::alert>>> ask(member& one, const std::vector<core::label_matcher>& filters) {
    net::http_request request;
    std::vector<std::pair<std::string, std::string>> parameters{
        {"active", "true"}, {"silenced", "false"}, {"inhibited", "false"}};
    for (const auto& filter : filters) parameters.emplace_back("filter", filter.canonical());
    request.target = one.prefix + "/api/v2/alerts" + net::encode_query(parameters);
    request.headers = {{"Accept", "application/json"}};
    request.timeout = options_.timeout;
    request.body_limit_bytes = answer_limit_bytes;
    auto credential = authorization();
    if (!credential) co_return std::unexpected(std::move(credential).error());
    if (!credential->empty()) request.headers.emplace_back("Authorization", *std::move(credential));
    auto sending = one.client.send(std::move(request));
    const auto response = co_await std::move(sending);
    if (!response) co_return std::unexpected(response.error());
    if (response->status != 200) {
      co_return core::fail(failure_code::refused,
                           fmt::format("Alertmanager answered {}: {}", response->status, beginning(response->body)),
                           response->status);
    }
    auto alerts = read_active_alerts(response->body);
    if (!alerts) alerts.error().message = "Alertmanager's answer cannot be read: " + alerts.error().message;
    co_return alerts;
  }

  core::result<std::string> authorization() const {
    if (!options_.bearer_token_file.empty()) {
      auto token = secret_in(options_.bearer_token_file);
      if (!token) return token;
      return "Bearer " + *token;
    }
    if (options_.username.empty()) return std::string();
    auto password = secret_in(options_.password_file);
    if (!password) return password;
    return "Basic " + net::encode_base64(options_.username + ":" + *password);
  }

  void note(member& one, const std::optional<core::failure>& failed) {
    counts_.alertmanager_request(failed.has_value());
    if (failed) {
      one.not_before = steady::now() + one.pause;
      one.pause = std::min(one.pause * 2, options_.pause_most);
      if (!one.down) {
        log_.log(app::log_level::warn, "alertmanager_down",
                 {{"url", one.url}, {"error", failed->message}, {"next", "ask again, less and less often"}});
      }
    } else {
      one.pause = options_.pause_least;
      if (one.down) log_.log(app::log_level::info, "alertmanager_up", {{"url", one.url}});
    }
    one.down = failed.has_value();
  }

  cluster_options options_;
  app::alert_telemetry& counts_;
  app::log_sink& log_;
  std::vector<std::unique_ptr<member>> members_;
};

}  // namespace

core::result<std::unique_ptr<app::alert_source>> make_cluster(boost::asio::any_io_executor executor,
                                                              cluster_options options, app::alert_telemetry& counts,
                                                              app::log_sink& log) {
  auto made = std::make_unique<cluster>(options, counts, log);
  for (const auto& url : options.urls) {
    auto at = place_of(url, options.tls);
    if (!at) return std::unexpected(std::move(at).error());
    made->add(std::make_unique<member>(url, *std::move(at), executor, options));
  }
  return made;
}

}  // namespace docksweep::alertmanager
