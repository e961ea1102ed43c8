// Sweeps by request: POST /api/v1/sweep?policy=NAME[&dry_run=1] and GET /api/v1/sweeps/ID. A request names a configured
// policy and says nothing else: what goes is for the policy to say.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "report/sweep_json.hpp"
#include "web/handlers.hpp"

namespace docksweep::web {
namespace {

using shared_source = std::shared_ptr<const content_source>;

constexpr std::string_view sweeps_path = "/api/v1/sweeps";

// "10.0.0.7:40312" → "10.0.0.7": ports are nobody's name.
std::string_view host_of(std::string_view peer) {
  const auto colon = peer.rfind(':');
  return colon == std::string_view::npos ? peer : peer.substr(0, colon);
}

// For the record: "token from 10.0.0.7", "CN=ops from 10.0.0.7".
std::string actor_of(const request& what) {
  return fmt::format("{} from {}", what.user.empty() ? "somebody" : what.user, host_of(what.peer));
}

std::string json_text(std::string_view text) {
  std::string out;
  report::write_text([&out](std::string_view piece) { out += piece; }, text);
  return out;
}

response json_with(const request& what, int status, std::string text) {
  auto answer = json_response(what, std::make_shared<const std::string>(std::move(text)));
  answer.status = status;
  return answer;
}

response answer_to(const request& what, const std::string& policy, sweep_answer made) {
  using enum sweep_answer::kind;
  switch (made.what) {
    case begun: {
      const auto follow = fmt::format("{}/{}", sweeps_path, made.id);
      auto answer = json_with(what, 202,
                              fmt::format("{{\"id\":{},\"policy\":{},\"state\":\"running\",\"follow\":\"{}\"}}\n",
                                          made.id, json_text(policy), follow));
      answer.headers.emplace_back("Location", follow);
      return answer;
    }
    case plan:
      return json_with(what, 200, std::move(made.plan));
    case observe:
      return json_with(what, 409, fmt::format("{{\"refused\":{},\"plan\":{}}}\n", json_text(made.message), made.plan));
    case unknown:
      return text_response(404, made.message);
    case conflict:
      return text_response(409, made.message);
    case not_now:
      break;
  }
  return text_response(503, made.message);
}

task<response> sweep(shared_source source, const request& what) {
  auto given = parameters(what, {"policy", "dry_run"});
  if (!given) co_return std::move(given).error();
  const auto policy = value_of(*given, "policy");
  const auto dry_run = value_of(*given, "dry_run");
  if (policy.empty()) co_return text_response(400, "policy: the name of a configured policy.");
  if (!dry_run.empty() && dry_run != "0" && dry_run != "1") co_return text_response(400, "dry_run: 0 or 1.");
  auto work = source->sweep(policy, dry_run == "1", actor_of(what));
  auto made = co_await std::move(work);
  co_return answer_to(what, policy, std::move(made));
}

task<response> one_sweep(shared_source source, const request& what) {
  const auto text = std::string_view(what.path).substr(sweeps_path.size() + 1);
  const auto id = parse_number(text, std::numeric_limits<std::int64_t>::max());
  if (!id) {
    co_return text_response(404, "A sweep is named by its number, as `docksweep history` shows it.");
  }
  auto work = source->one_sweep(*id);
  auto made = co_await std::move(work);
  co_return answer_with(what, std::move(made));
}

}  // namespace

void add_sweep_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source) {
  routes.push_back({.path = "/api/v1/sweep",
                    .name = "sweep",
                    .what = area::api,
                    .post = [source](const request& what) { return sweep(source, what); },
                    .post_limit_bytes = 4096});
  routes.push_back({.path = sweeps_path,
                    .name = "sweeps",
                    .what = area::api,
                    .fetch = [source](const request& what) { return one_sweep(source, what); },
                    .below = true});
}

}  // namespace docksweep::web
