// Negotiation, versioned paths, error mapping, counting.
#include "engine/session.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "engine/decode/identity.hpp"
#include "net/percent.hpp"

namespace docksweep::engine {
namespace {

using clock = std::chrono::steady_clock;
using core::failure_code;

constexpr std::size_t ping_limit_bytes = 64 << 10;

bool is_version_refusal(int status, std::string_view words) {
  return status == 400 && words.find("client version") != std::string_view::npos &&
         (words.find("is too old") != std::string_view::npos || words.find("is too new") != std::string_view::npos);
}

constexpr std::string_view podman_header = "Libpod-Api-Version";

// Podman (4.3 and 5.8) answers 500 to the removal of a running or paused container, and of an image by an ID that has
// several names; other versions use a 500 for images and volumes in use.
bool is_podman_conflict(const net::http_response& response, std::string_view words) {
  constexpr std::string_view conflicts[] = {"container state improper", "with more than one tag", "is in use",
                                            "being used", "has dependent child"};
  return response.status == 500 && !response.header(podman_header).empty() &&
         std::ranges::any_of(conflicts, [&](auto each) { return words.find(each) != std::string_view::npos; });
}

failure_code code_for(const net::http_response& response, std::string_view words) {
  const int status = response.status;
  if (status == 404) return failure_code::not_found;
  if (status == 409 || is_podman_conflict(response, words)) return failure_code::conflict;
  if (is_version_refusal(status, words)) return failure_code::too_old;
  return status >= 500 ? failure_code::engine_error : failure_code::refused;
}

std::optional<core::instant> date_header(std::string_view text) {
  std::istringstream in{std::string(text)};
  date::sys_seconds time;
  in >> date::parse("%a, %d %b %Y %T GMT", time);
  if (in.fail()) return std::nullopt;
  return core::instant(time.time_since_epoch());
}

std::string name_of(const api_call& call) {
  return fmt::format("{} {}", net::to_string(call.what), call.path);
}

core::result<void> outcome_of(const core::result<net::http_response>& answer) {
  if (!answer) return std::unexpected(answer.error());
  if (!answer->ok()) return std::unexpected(failure_from(*answer, ""));
  return {};
}

}  // namespace

core::failure failure_from(const net::http_response& response, std::string_view what) {
  const auto words = engine_words(response.body);
  return {code_for(response, words),
          fmt::format("the engine answered {} with {}: {}", what, response.status,
                      words.empty() ? "(it gave no reason)" : words),
          response.status};
}

session::session(boost::asio::any_io_executor executor, net::endpoint where, net::trace_sink trace,
                 std::chrono::milliseconds timeout, app::telemetry& counts)
    : client_(std::move(executor), std::move(where), {.peer = "the engine", .trace = std::move(trace)}),
      timeout_(timeout),
      counts_(counts) {}

void session::count(std::string_view endpoint, clock::time_point began, const core::result<void>& outcome) {
  // That something is gone or in use is a fact about it; that we stopped waiting is our own doing.
  if (!outcome && outcome.error().code == failure_code::cancelled) return;
  const bool fact =
      !outcome && (outcome.error().code == failure_code::not_found || outcome.error().code == failure_code::conflict);
  counts_.engine_request(endpoint, clock::now() - began, !outcome && !fact);
}

void session::note_version(const net::http_response& response) {
  // Every answer names the engine's newest version: an engine that was replaced under us is noticed at once.
  const auto newest = parse_api_version(response.header("Api-Version"));
  if (!newest || newest == engine_newest_) return;
  engine_newest_ = newest;
  speaks_ = std::min(*newest, newest_known_api);
}

app::task<core::result<net::http_response>> session::ask_ping(net::verb what) {
  net::http_request request;
  request.what = what;
  request.target = "/_ping";
  request.timeout = timeout_;
  request.body_limit_bytes = ping_limit_bytes;
  const auto began = clock::now();
  auto answer = co_await client_.send(std::move(request));
  count("ping", began, outcome_of(answer));
  co_return answer;
}

app::task<core::result<ping_answer>> session::ping() {
  auto answer = co_await ask_ping(net::verb::head);
  if (answer && (!answer->ok() || answer->header("Api-Version").empty())) {
    auto again = co_await ask_ping(net::verb::get);
    answer = std::move(again);
  }
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (!answer->ok()) co_return std::unexpected(failure_from(*answer, "GET /_ping"));
  const auto newest = parse_api_version(answer->header("Api-Version"));
  if (!newest) {
    co_return core::fail(
        failure_code::malformed,
        fmt::format("what answers at {} is no container engine: its answer to /_ping names no API version",
                    net::to_string(client_.where())));
  }
  engine_newest_ = newest;
  speaks_ = std::min(*newest, newest_known_api);
  podman_ = !answer->header(podman_header).empty();
  co_return ping_answer{*newest, podman_, date_header(answer->header("Date"))};
}

net::http_request session::request_for(const api_call& call) const {
  net::http_request request;
  request.what = call.what;
  request.target = fmt::format("/v{}{}{}", to_string(*speaks_), call.path, net::encode_query(call.query));
  request.timeout = call.timeout;
  request.body_limit_bytes = call.body_limit_bytes;
  request.headers = call.headers;
  request.source = call.source;
  request.silence = call.silence;
  return request;
}

app::task<core::result<net::http_response>> session::send_once(const api_call& call, const net::body_sink& sink) {
  if (!speaks_) {
    const auto pinged = co_await ping();
    if (!pinged) co_return std::unexpected(pinged.error());
  }
  const auto began = clock::now();
  auto answer = co_await client_.send(request_for(call), sink);
  count(call.endpoint, began, outcome_of(answer));
  if (!answer) co_return answer;
  note_version(*answer);
  if (answer->ok()) co_return answer;
  co_return std::unexpected(failure_from(*answer, name_of(call)));
}

app::task<core::result<net::http_response>> session::send(api_call call, net::body_sink sink) {
  auto answer = co_await send_once(call, sink);
  if (answer || answer.error().code != failure_code::too_old) co_return answer;
  // The engine was replaced by one that does not speak this version.
  const auto pinged = co_await ping();
  if (!pinged) co_return std::unexpected(pinged.error());
  auto again = co_await send_once(call, sink);
  co_return again;
}

app::task<core::result<net::http_response>> session::transfer_once(const api_call& call,
                                                                   const net::body_consumer& consume,
                                                                   const std::function<core::result<void>()>& judge) {
  if (!speaks_) {
    const auto pinged = co_await ping();
    if (!pinged) co_return std::unexpected(pinged.error());
  }
  const auto began = clock::now();
  auto answer = co_await client_.transfer(request_for(call), consume);
  auto outcome = outcome_of(answer);
  if (outcome) outcome = judge();
  count(call.endpoint, began, outcome);
  if (!answer) co_return answer;
  note_version(*answer);
  if (!answer->ok()) co_return std::unexpected(failure_from(*answer, name_of(call)));
  if (!outcome) co_return std::unexpected(std::move(outcome.error()));
  co_return answer;
}

app::task<core::result<net::http_response>> session::transfer(api_call call, net::body_consumer consume,
                                                              std::function<core::result<void>()> judge) {
  auto answer = co_await transfer_once(call, consume, judge);
  if (answer || answer.error().code != failure_code::too_old || call.source) co_return answer;
  const auto pinged = co_await ping();
  if (!pinged) co_return std::unexpected(pinged.error());
  auto again = co_await transfer_once(call, consume, judge);
  co_return again;
}

app::task<core::failure> session::follow(api_call call, std::function<void()> on_open, net::body_sink on_data) {
  if (!speaks_) {
    const auto pinged = co_await ping();
    if (!pinged) co_return pinged.error();
  }
  const auto began = clock::now();
  bool opened = false;
  const std::function<void(const net::http_response&)> counted_open = [&](const net::http_response& head) {
    opened = true;
    count(call.endpoint, began, {});
    note_version(head);
    on_open();
  };
  const auto ended = co_await client_.stream(request_for(call), counted_open, std::move(on_data));
  if (!opened) count(call.endpoint, began, outcome_of(ended));
  if (!ended) co_return ended.error();
  note_version(*ended);
  co_return failure_from(*ended, name_of(call));
}

}  // namespace docksweep::engine
