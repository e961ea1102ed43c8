// Calls to a Docker Engine API: version negotiation, the version in every path, errors with the engine's own words, and
// the count of each call. What the calls mean is docker_engine.cpp's business.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/engine.hpp"
#include "app/telemetry.hpp"
#include "engine/api_version.hpp"
#include "net/http_client.hpp"

namespace docksweep::engine {

struct api_call {
  net::verb what = net::verb::get;
  std::string_view endpoint;  // one of app::engine_endpoints
  std::string path;           // without the version: "/images/json", already encoded
  std::vector<std::pair<std::string, std::string>> query;
  std::chrono::milliseconds timeout;
  std::size_t body_limit_bytes = 64 << 20;
  net::header_list headers = {};
  // For transfer() only; see net::http_client::transfer.
  net::body_source source = {};
  std::chrono::milliseconds silence = std::chrono::minutes(10);
};

struct ping_answer {
  api_version newest;                // that the engine speaks
  bool podman = false;               // it sent Libpod-Api-Version
  std::optional<core::instant> now;  // the engine's clock, in whole seconds (header Date)
};

// Turns an answer that is no success into a failure: 404 not_found, 409 conflict, 400 "client version … is too old" (or
// new) too_old, other 4xx and 3xx refused, 5xx engine_error. Podman says some conflicts with a 500: these are conflicts
// here, too.
core::failure failure_from(const net::http_response& response, std::string_view what);

class session {
 public:
  session(boost::asio::any_io_executor executor, net::endpoint where, net::trace_sink trace,
          std::chrono::milliseconds timeout, app::telemetry& counts);

  // HEAD /_ping without a version, then GET for engines that do not know HEAD. Agrees on the version to speak: the
  // smaller one of the engine's newest and newest_known_api.
  app::task<core::result<ping_answer>> ping();

  // Makes a call. Negotiates first where that has not happened, and once more when the engine says that the version is
  // wrong (it has done nothing then). With a sink, the body goes there as it arrives; only the body of a success does.
  app::task<core::result<net::http_response>> send(api_call call, net::body_sink sink = {});

  // A call whose body or answer is too large to be held; see net::http_client::transfer. `judge` is asked at the end of
  // a 2xx answer: what it fails with is the call's failure, and counts as one. Negotiates as send() does, but a source
  // cannot be read twice.
  app::task<core::result<net::http_response>> transfer(api_call call, net::body_consumer consume,
                                                       std::function<core::result<void>()> judge);

  // GET of an answer that does not end; see net::http_client::stream. Never a success.
  app::task<core::failure> follow(api_call call, std::function<void()> on_open, net::body_sink on_data);

  // What is spoken now; nullopt before the first ping.
  std::optional<api_version> speaks() const { return speaks_; }
  bool podman() const { return podman_; }  // since the last ping
  std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  app::task<core::result<net::http_response>> send_once(const api_call& call, const net::body_sink& sink);
  app::task<core::result<net::http_response>> transfer_once(const api_call& call, const net::body_consumer& consume,
                                                            const std::function<core::result<void>()>& judge);
  app::task<core::result<net::http_response>> ask_ping(net::verb what);
  net::http_request request_for(const api_call& call) const;
  void note_version(const net::http_response& response);
  void count(std::string_view endpoint, std::chrono::steady_clock::time_point began, const core::result<void>& outcome);

  net::http_client client_;
  std::chrono::milliseconds timeout_;
  app::telemetry& counts_;
  std::optional<api_version> engine_newest_, speaks_;
  bool podman_ = false;
};

}  // namespace docksweep::engine
