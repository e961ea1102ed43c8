// The webhook of Alertmanager: POST /api/v1/alerts. It tries again after a 5xx and after nothing else, so a 503 says
// "send it again", and everything that would be the same the next time is a 4xx or a 200.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <utility>

#include "alertmanager/alerts_json.hpp"
#include "web/handlers.hpp"

namespace docksweep::web {
namespace {

namespace json = boost::json;
using shared_source = std::shared_ptr<const content_source>;

// 1,000 alerts with the labels and annotations that they usually have.
constexpr std::size_t webhook_limit_bytes = 4 << 20;

std::string answer_text(const core::alert_batch& batch, const std::vector<alert_answer>& answers) {
  json::array all;
  for (std::size_t i = 0; i < batch.alerts.size(); ++i) {
    const auto& one = batch.alerts[i];
    all.push_back(json::object{{"alertname", one.name()},
                               {"fingerprint", one.fingerprint},
                               {"status", one.firing ? "firing" : "resolved"},
                               {"result", answers.at(i).result},
                               {"policies", json::value_from(answers[i].policies)}});
  }
  return json::serialize(json::object{{"alerts", std::move(all)}, {"truncated", batch.truncated}}) + "\n";
}

task<response> alerts(shared_source source, const request& what) {
  auto batch = alertmanager::read_webhook(what.body);
  if (!batch) {
    const bool too_large = batch.error().code == core::failure_code::too_large;
    co_return text_response(too_large ? 413 : 400, batch.error().message);
  }
  auto work = source->alerts(*batch);
  const auto answers = co_await std::move(work);
  if (!answers) {
    auto answer = text_response(503, answers.error().message);
    answer.headers.emplace_back("Retry-After", "10");
    co_return answer;
  }
  auto answer = json_response(what, std::make_shared<const std::string>(answer_text(*batch, *answers)));
  const bool queued = std::ranges::any_of(*answers, [](const auto& one) { return one.result == "queued"; });
  answer.status = queued ? 202 : 200;
  co_return answer;
}

}  // namespace

void add_alert_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source) {
  routes.push_back({.path = "/api/v1/alerts",
                    .name = "alerts",
                    .what = area::api,
                    .post = [source](const request& what) { return alerts(source, what); },
                    .post_limit_bytes = webhook_limit_bytes});
}

}  // namespace docksweep::web
