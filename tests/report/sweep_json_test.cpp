// Plans and the record for programs: every key, and null for what is not known.
#include "report/sweep_json.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "report/sample_node.hpp"
#include "report/sample_plan.hpp"

namespace docksweep::report {
namespace {

namespace json = boost::json;

template <typename Write>
json::value written(Write write) {
  std::string text;
  write([&](std::string_view piece) { text += piece; });
  return json::parse(text);
}

json::value plan_of(const core::plan& plan) {
  const auto view = testing::sample_view();
  return written([&](const json_sink& out) { write_plan(out, plan, *view); });
}

TEST(sweep_json, says_everything_about_a_plan) {
  const auto plan = plan_of(testing::sample_plan());
  EXPECT_EQ(plan.at("policy"), "pressure");
  EXPECT_EQ(plan.at("made_at"), "2026-11-23T12:00:00Z");
  EXPECT_EQ(plan.at("goal"), json::parse(R"({"quantity": "disk", "now": 0.87, "target": 0.7})"));
  EXPECT_EQ(plan.at("goals").at(0), json::parse(R"({"quantity": "disk", "now": 0.87, "target": 0.7,
      "path": "/var/lib/docker", "met": false, "predictable": true, "lacking_bytes": 5200})"));
  EXPECT_EQ(plan.at("goal_step"), 3);
  EXPECT_EQ(plan.at("shortfall"), 0);
  EXPECT_EQ(plan.at("steps").at(1), json::parse(R"({"kind": "image",
      "id": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "names": ["shop/app:1.0"],
      "freed": {"at_least": 200, "at_most": 200}, "cumulative": {"at_least": 240, "at_most": 240}, "after_step": 1,
      "rule": "remove.images = unused", "also": [], "keep_bytes": null, "ask_registry": false, "archive": false})"))
      << json::serialize(plan.at("steps"));
  const auto& kept = plan.at("verdicts").at(2);
  EXPECT_EQ(kept.at("action"), "keep");
  EXPECT_EQ(kept.at("reason"), "min_age");
  EXPECT_EQ(kept.at("rule"), "keep.min_age = 1h");
  EXPECT_EQ(kept.at("eligible_at"), "2026-11-23T12:48:00Z");
  EXPECT_EQ(kept.at("names").as_array().size(), 2u);
}

TEST(sweep_json, null_is_what_is_not_known_of_a_plan) {
  const auto plan = plan_of(testing::short_plan());
  EXPECT_EQ(plan.at("goal_step"), nullptr);
  EXPECT_EQ(plan.at("shortfall"), 3760);
  EXPECT_EQ(plan.at("goals").at(1).at("now"), nullptr);
  EXPECT_EQ(plan.at("goals").at(1).at("path"), nullptr);
  EXPECT_EQ(plan.at("blockers").at(0),
            json::parse(R"({"reason": "min_age", "count": 1, "bytes": {"at_least": 300, "at_most": 1300}})"));
  const auto empty = plan_of(core::plan{});
  EXPECT_EQ(empty.at("policy"), nullptr);
  EXPECT_EQ(empty.at("goal"), nullptr);
  EXPECT_EQ(empty.at("steps"), json::array());
}

TEST(sweep_json, says_everything_about_the_record) {
  const auto sweep = testing::sample_sweep();
  const auto removals = testing::sample_removals();
  const core::pause_state pause{.since = testing::sample_now(), .reason = "deploying"};
  const auto history = written(
      [&](const json_sink& out) { write_history(out, {&sweep, 1}, removals, pause, core::image_store::graphdriver); });
  const auto& first = history.at("sweeps").at(0);
  EXPECT_EQ(first.at("predicted_bytes"), 5240);
  EXPECT_EQ(first.at("predicted_bytes_at_most"), 5300);
  EXPECT_EQ(first.at("freed_bytes"), nullptr);
  EXPECT_EQ(first.at("disk_freed_bytes"), -100);
  EXPECT_EQ(first.at("ended_at"), "2026-11-23T11:00:03Z");
  ASSERT_EQ(first.at("removals").as_array().size(), 3u);
  const auto& tool = first.at("removals").at(0);
  EXPECT_EQ(tool.at("freed_bytes"), 300);
  EXPECT_EQ(tool.at("restorable"), true);
  EXPECT_EQ(tool.at("why_not_restorable"), nullptr);
  EXPECT_EQ(first.at("removals").at(1).at("restorable"), false);
  EXPECT_EQ(first.at("removals").at(1).at("freed_bytes"), nullptr);
  ASSERT_EQ(history.at("foreign").as_array().size(), 1u);
  EXPECT_EQ(history.at("foreign").at(0).at("outcome"), "foreign");
  EXPECT_EQ(history.at("paused"),
            json::parse(R"({"since": "2026-11-23T12:00:00Z", "until": null, "reason": "deploying", "actor": null})"));
}

TEST(sweep_json, says_why_an_image_stays) {
  const auto view = testing::sample_view();
  const core::use_record use{.id = testing::sample_id('b'),
                             .first_seen = testing::sample_now() - std::chrono::hours(2),
                             .last_used = testing::sample_now(),
                             .origin = core::image_origin::pulled};
  image_explanation what{.node = *view, .image = 1, .use = &use, .policies = {}};
  policy_explanation general;
  general.ruling.why = core::reason::min_age;
  general.rule = "keep.min_age = 1h";
  general.findings = {{.why = core::reason::label, .rule = "keep.labels"},
                      {.why = core::reason::min_age, .holds = true, .until = testing::sample_now()}};
  what.policies.push_back(general);
  general.policy = "nightly";
  general.step = 2;
  general.freed = {1, 2};
  what.policies.push_back(general);
  const auto found = written([&](const json_sink& out) { write_explanation(out, what); });
  EXPECT_EQ(found.at("image").at("last_used_at"), "2026-11-23T12:00:00Z");
  EXPECT_EQ(found.at("image").at("first_seen_at"), "2026-11-23T10:00:00Z");
  EXPECT_EQ(found.at("image").at("origin"), "pulled");
  EXPECT_EQ(found.at("policies").at(0).at("policy"), nullptr);
  EXPECT_EQ(found.at("policies").at(0).at("freed"), nullptr);
  EXPECT_EQ(found.at("policies").at(0).at("findings").at(1), json::parse(R"({"reason": "min_age", "holds": true,
      "rule": null, "detail": null, "until": "2026-11-23T12:00:00Z"})"));
  EXPECT_EQ(found.at("policies").at(1).at("step"), 2);
  EXPECT_EQ(found.at("policies").at(1).at("freed"), json::parse(R"({"at_least": 1, "at_most": 2})"));
}

}  // namespace
}  // namespace docksweep::report
