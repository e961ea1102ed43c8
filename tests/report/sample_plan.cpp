#include "report/sample_plan.hpp"

#include <chrono>
#include <limits>

#include "report/sample_node.hpp"

namespace docksweep::report::testing {
namespace {

using namespace std::chrono_literals;
using core::reason;
using core::target_kind;

core::plan_step step(target_kind kind, std::string id, std::vector<std::string> names, core::byte_range freed,
                     core::byte_range cumulative) {
  core::plan_step made{.kind = kind, .id = std::move(id), .names = std::move(names)};
  made.freed = freed;
  made.cumulative = cumulative;
  return made;
}

core::removal_record removal(std::int64_t id, target_kind kind, std::string object, std::vector<std::string> names) {
  core::removal_record made;
  made.id = id;
  made.sweep_id = 7;
  made.kind = kind;
  made.object_id = std::move(object);
  made.references = std::move(names);
  made.rule = "remove.images = unused";
  made.at = sample_now() - 59min;
  made.outcome = core::removal_outcome::removed;
  return made;
}

}  // namespace

core::plan sample_plan() {
  core::plan made;
  made.policy = "pressure";
  made.made_at = sample_now();
  made.inventory_at = sample_now() - 5s;
  made.rules = {"remove.images = unused", "remove.containers: states = [exited, dead]", "keep.min_age = 1h"};
  made.goals = {{.what = core::quantity::disk, .now = 0.87, .target = 0.7, .path = "/var/lib/docker", .lacking = 5200}};
  made.steps = {step(target_kind::container, std::string(64, 'c'), {"web"}, {40, 40}, {40, 40}),
                step(target_kind::image, sample_id('a'), {"shop/app:1.0"}, {200, 200}, {240, 240}),
                step(target_kind::image, sample_id('d'), {}, {5000, 5000}, {5240, 5240})};
  made.steps[0].rule = 1;
  made.steps[1].after_step = 1;
  made.steps[2].also = {sample_id('9')};
  made.goal_step = 3;
  made.shortfall = 0;
  made.verdicts = {{.kind = target_kind::container,
                    .id = std::string(64, 'c'),
                    .action = core::verdict_action::remove,
                    .why = reason::selected,
                    .rule = 1},
                   {.kind = target_kind::image,
                    .id = sample_id('a'),
                    .action = core::verdict_action::remove,
                    .why = reason::selected},
                   {.kind = target_kind::image,
                    .id = sample_id('b'),
                    .why = reason::min_age,
                    .rule = 2,
                    .eligible_at = sample_now() + 48min},
                   {.kind = target_kind::image,
                    .id = sample_id('d'),
                    .action = core::verdict_action::remove,
                    .why = reason::selected}};
  return made;
}

core::plan short_plan() {
  auto made = sample_plan();
  made.goals[0].lacking = 9000;
  made.goals.push_back({.what = core::quantity::inodes,
                        .now = std::numeric_limits<double>::quiet_NaN(),
                        .target = 0.5,
                        .predictable = false});
  made.goal_step.reset();
  made.shortfall = 3760;
  made.blockers = {{.why = reason::min_age, .count = 1, .bytes = {300, 1300}}};
  return made;
}

core::sweep_record sample_sweep() {
  core::sweep_record made;
  made.id = 7;
  made.engine_id = "ENGINE";
  made.policy = "pressure";
  made.trigger = core::sweep_trigger::threshold;
  made.actor = "agent";
  made.cause = "disk 0.87 above 0.85 at /var/lib/docker";
  made.began = sample_now() - 1h;
  made.ended = made.began + 3s;
  made.outcome = core::sweep_outcome::missed;
  made.problem = "3.8 kB lack";
  made.predicted = {5240, 5300};
  made.disk_freed = -100;
  made.planned = 3;
  made.removed = 2;
  made.failed = 1;
  return made;
}

std::vector<core::removal_record> sample_removals() {
  auto tool = removal(1, target_kind::image, sample_id('b'), {"tool:2"});
  tool.digests = {"tool@sha256:" + std::string(64, '1')};
  tool.predicted = {300, 300};
  tool.freed = 300;
  auto web = removal(2, target_kind::container, std::string(64, 'c'), {"web"});
  auto app = removal(3, target_kind::image, sample_id('a'), {"shop/app:1.0"});
  app.outcome = core::removal_outcome::refused;
  app.problem = "conflict: container new is using it";
  auto other = removal(9, target_kind::image, sample_id('e'), {"other:1"});
  other.sweep_id = 0;
  other.at = sample_now() - 5min;
  other.outcome = core::removal_outcome::foreign;
  return {tool, web, app, other};
}

}  // namespace docksweep::report::testing
