// What a policy would do, and what was done: GET /api/v1/plan and /api/v1/history.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "report/moment.hpp"
#include "web/handlers.hpp"

namespace docksweep::web {
namespace {

using shared_source = std::shared_ptr<const content_source>;

constexpr std::int64_t most_sweeps = 1000;  // a larger answer would hold a whole year in memory

std::expected<history_request, response> history_asked(const request& what) {
  auto given = parameters(what, {"since", "policy", "limit"});
  if (!given) return std::unexpected(std::move(given).error());
  history_request asked{.policy = value_of(*given, "policy")};
  if (const auto since = value_of(*given, "since"); !since.empty()) {
    const auto moment = report::parse_since(since, std::chrono::system_clock::now());
    if (!moment) return std::unexpected(text_response(400, "since: " + moment.error().message));
    asked.since = *moment;
  }
  if (const auto limit = value_of(*given, "limit"); !limit.empty()) {
    const auto number = parse_number(limit, most_sweeps);
    if (!number) return std::unexpected(text_response(400, fmt::format("limit: a number from 1 to {}.", most_sweeps)));
    asked.limit = static_cast<std::size_t>(*number);
  }
  return asked;
}

// What was asked outlives the waiting: the session holds the request until the answer is sent.
task<response> plan(shared_source source, const request& what) {
  auto given = parameters(what, {"policy"});
  if (!given) co_return std::move(given).error();
  auto work = source->plan(value_of(*given, "policy"));
  auto made = co_await std::move(work);
  co_return answer_with(what, std::move(made));
}

task<response> history(shared_source source, const request& what) {
  auto asked = history_asked(what);
  if (!asked) co_return std::move(asked).error();
  auto work = source->history(*std::move(asked));
  auto made = co_await std::move(work);
  co_return answer_with(what, std::move(made));
}

}  // namespace

response answer_with(const request& what, core::result<std::string> made) {
  if (made) return json_response(what, std::make_shared<const std::string>(*std::move(made)));
  const bool unknown = made.error().code == core::failure_code::not_found;
  return text_response(unknown ? 404 : 503, made.error().message);
}

std::expected<header_list, response> parameters(const request& what, std::initializer_list<std::string_view> known) {
  auto found = parse_query(what.query);
  if (!found) return std::unexpected(text_response(400, "The query has a broken escape."));
  std::string names;
  for (const auto name : known) names.append(names.empty() ? "" : ", ").append(name);
  for (const auto& [name, value] : *found) {
    if (std::ranges::find(known, name) == known.end())
      return std::unexpected(text_response(400, fmt::format("This path knows only the parameters {}.", names)));
    const auto times = std::ranges::count(*found, name, [](const auto& pair) { return pair.first; });
    if (times > 1) return std::unexpected(text_response(400, fmt::format("{} is given more than once.", name)));
  }
  return *std::move(found);
}

std::string value_of(const header_list& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, [](const auto& pair) { return pair.first; });
  return found == all.end() ? std::string() : found->second;
}

void add_record_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source) {
  routes.push_back({.path = "/api/v1/plan", .name = "plan", .what = area::api, .fetch = [source](const request& what) {
                      return plan(source, what);
                    }});
  routes.push_back(
      {.path = "/api/v1/history", .name = "history", .what = area::api, .fetch = [source](const request& what) {
         return history(source, what);
       }});
}

}  // namespace docksweep::web
