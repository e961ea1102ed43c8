// Which connection a call takes, when it is sent again, and what its failure is called.
#include "net/http_client.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace docksweep::net {

namespace asio = boost::asio;
using asio::awaitable;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t unlimited = 0;

}  // namespace

// A connection with an answer whose headers have been read.
struct http_client::started {
  std::unique_ptr<connection> on;
  http_response head;
};

http_client::http_client(asio::any_io_executor executor, endpoint where, http_client_options options)
    : executor_(std::move(executor)), where_(std::move(where)), options_(std::move(options)) {}

http_client::~http_client() = default;

std::unique_ptr<connection> http_client::take_idle() {
  while (!idle_.empty()) {
    auto kept = std::move(idle_.back());
    idle_.pop_back();
    if (!kept->stale()) return kept;
  }
  return nullptr;
}

void http_client::keep(std::unique_ptr<connection> used) {
  if (!used->reusable() || idle_.size() >= options_.idle_connections) return;
  used->rest();
  idle_.push_back(std::move(used));
}

void http_client::trace(const std::string& line) const {
  if (options_.trace) options_.trace(line);
}

core::failure http_client::traced(core::failure problem, deadline began) const {
  if (options_.trace) trace(failure_line(problem.message, clock::now() - began));
  return problem;
}

awaitable<transport_result<http_client::started>> http_client::start(const http_request& request,
                                                                     std::size_t body_limit_bytes, deadline until) {
  if (auto kept = take_idle()) {
    auto head = co_await kept->exchange(request, body_limit_bytes, until);
    if (head) co_return started{std::move(kept), std::move(*head)};
    // The server may have closed it at this very moment. Only a request that changes nothing is sent twice.
    const bool harmless = request.what == verb::get || request.what == verb::head;
    const bool closed = head.error().code == core::failure_code::unreachable && head.error().unanswered;
    if (!harmless || !closed) co_return std::unexpected(std::move(head.error()));
    close_idle();
  }
  auto fresh = co_await connect(executor_, where_, contexts_, until);
  if (!fresh) co_return std::unexpected(std::move(fresh.error()));
  auto head = co_await (*fresh)->exchange(request, body_limit_bytes, until);
  if (!head) co_return std::unexpected(std::move(head.error()));
  co_return started{std::move(*fresh), std::move(*head)};
}

awaitable<core::result<http_response>> http_client::send(http_request request, body_sink sink) {
  const auto began = clock::now();
  const auto until = began + request.timeout;
  if (options_.trace) trace(curl_line(where_, request));
  auto call = co_await start(request, request.body_limit_bytes, until);
  if (!call) co_return std::unexpected(traced(sentence(request, call.error()), began));
  auto& response = call->head;
  const bool to_sink = sink && response.ok();
  const body_sink collect = [&response](std::string_view piece) {
    const auto room = response.ok() ? std::string::npos : error_body_limit_bytes - response.body.size();
    response.body.append(piece.substr(0, room));
  };
  const auto received = co_await call->on->read_body(to_sink ? sink : collect, until);
  if (!received) co_return std::unexpected(traced(sentence(request, received.error()), began));
  response.body_bytes = *received;
  if (options_.trace) trace(outcome_line(response.status, clock::now() - began, response.body_bytes));
  keep(std::move(call->on));
  co_return std::move(response);
}

awaitable<core::result<http_response>> http_client::stream(http_request request,
                                                           std::function<void(const http_response&)> on_open,
                                                           body_sink on_data) {
  const auto began = clock::now();
  const auto until = began + request.timeout;
  if (options_.trace) trace(curl_line(where_, request));
  auto call = co_await start(request, unlimited, until);
  if (!call) co_return std::unexpected(traced(sentence(request, call.error()), began));
  auto& response = call->head;
  if (options_.trace) trace(outcome_line(response.status, clock::now() - began, 0));
  if (response.ok()) {
    on_open(response);
    const auto ended = co_await call->on->read_body(on_data, no_deadline);
    auto problem =
        ended ? transport_failure{core::failure_code::unreachable, "it ended the stream", false} : ended.error();
    co_return std::unexpected(sentence(request, problem));
  }
  const body_sink collect = [&response](std::string_view piece) {
    response.body.append(piece.substr(0, error_body_limit_bytes - response.body.size()));
  };
  const auto received = co_await call->on->read_body(collect, until);
  if (!received) co_return std::unexpected(sentence(request, received.error()));
  response.body_bytes = *received;
  co_return std::move(response);
}

awaitable<core::result<http_response>> http_client::transfer(http_request request, body_consumer consume) {
  const auto began = clock::now();
  if (options_.trace) trace(curl_line(where_, request));
  auto call = co_await start(request, unlimited, began + request.timeout);
  if (!call) co_return std::unexpected(traced(sentence(request, call.error()), began));
  auto& response = call->head;
  transport_result<std::size_t> received;
  if (response.ok()) {
    auto reading = call->on->read_pieces(consume, request.silence);
    received = co_await std::move(reading);
  } else {
    const body_sink collect = [&response](std::string_view piece) {
      response.body.append(piece.substr(0, error_body_limit_bytes - response.body.size()));
    };
    auto reading = call->on->read_body(collect, clock::now() + request.silence);
    received = co_await std::move(reading);
  }
  if (!received) co_return std::unexpected(traced(sentence(request, received.error()), began));
  response.body_bytes = *received;
  if (options_.trace) trace(outcome_line(response.status, clock::now() - began, response.body_bytes));
  keep(std::move(call->on));
  co_return std::move(response);
}

core::failure http_client::sentence(const http_request& request, const transport_failure& problem) const {
  using core::failure_code;
  if (problem.own) return *problem.own;
  const auto call = fmt::format("{} {}", to_string(request.what), request.target.substr(0, request.target.find('?')));
  const auto peer = fmt::format("{} at {}", options_.peer, to_string(where_));
  switch (problem.code) {
    case failure_code::timeout:
      if (problem.silent) {
        return {problem.code, fmt::format("{} fell silent during {}: {} for {} s", peer, call, problem.reason,
                                          std::chrono::duration<double>(request.silence).count())};
      }
      return {problem.code, fmt::format("{} did not answer {} within {} s: {}", peer, call,
                                        std::chrono::duration<double>(request.timeout).count(), problem.reason)};
    case failure_code::cancelled:
      return {problem.code, fmt::format("{} was cancelled", call)};
    case failure_code::too_large:
      return {problem.code, fmt::format("{} answered {} with too much: {} ({} bytes)", peer, call, problem.reason,
                                        request.body_limit_bytes)};
    case failure_code::malformed:
      return {problem.code, fmt::format("{} answered {}, but {}", peer, call, problem.reason)};
    case failure_code::invalid:
      return {problem.code, fmt::format("cannot talk to {}: {}", peer, problem.reason)};
    default:
      break;
  }
  const bool answered = !problem.unanswered;
  std::string advice;
  if (where_.how == endpoint::kind::unix_socket && !answered) {
    if (problem.reason == "Permission denied")
      advice = "; run as root or as a member of the group that owns the socket";
    if (problem.reason == "No such file or directory") advice = "; is it running, and is this the right path?";
    if (problem.reason == "Connection refused") advice = "; the socket is there but nobody listens: is it running?";
  }
  const std::string_view what = answered ? "the answer broke off" : "cannot be reached";
  return {problem.code, answered ? fmt::format("{}: {} of {}: {}", peer, what, call, problem.reason)
                                 : fmt::format("{} {}: {}{}", peer, what, problem.reason, advice)};
}

}  // namespace docksweep::net
