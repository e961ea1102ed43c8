// What holds for every plan, over 2,400 random nodes and policies, checked by a second opinion (plan_random) that
// shares nothing with the planner.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "core/plan_random.hpp"

namespace docksweep::tests {
namespace {

using core::reason;
using core::target_kind;
using core::verdict_action;

constexpr std::uint32_t seeds = 2'400;

// Calls `check` for each random node with its plan.
template <typename Check>
void for_each_plan(Check check) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const random_plan n(seed);
    const auto of = n.node.view();
    check(n, core::make_plan(n.node.picture(of), n.node.policy, n.node.now));
    if (testing::Test::HasFailure()) return;
  }
}

bool limited(const random_plan& n) {
  return n.node.policy.limits.images || n.node.policy.limits.bytes;
}

bool untags(const random_plan& n) {
  return n.node.policy.remove.images->untag;
}

// Invariants 1, 3 and 4, and every rule of [keep] and of the selection, for images and containers.
TEST(plan_property, removes_nothing_that_is_in_use_or_kept_and_names_the_rule) {
  std::set<reason> seen;
  for_each_plan([&](const random_plan& n, const core::plan& made) {
    const auto after = n.containers_after(made);
    ASSERT_EQ(made.verdicts.size(), n.truth.images.size() + n.truth.containers.size());
    std::set<std::string> along;
    for (const auto& step : made.steps) along.insert(step.also.begin(), step.also.end());
    for (const auto& one : n.truth.images) {
      const auto& verdict = verdict_of(made, one.id);
      const auto why = naive_reason(n, one, after);
      seen.insert(verdict.why);
      if (naive_is_intermediate(n, one, after)) {
        ASSERT_EQ(verdict.action == verdict_action::remove, along.contains(one.id)) << one.id;
        ASSERT_EQ(verdict.why, along.contains(one.id) ? reason::selected : reason::not_selected);
      } else if (why) {
        ASSERT_EQ(to_string(verdict.why), to_string(*why)) << one.id;
        ASSERT_EQ(verdict.action, verdict_action::keep);
      } else {
        ASSERT_GE(verdict.why, reason::frees_nothing) << one.id << ": " << to_string(verdict.why);
      }
    }
    for (const auto& one : n.truth.containers) {
      const auto& verdict = verdict_of(made, one.id, target_kind::container);
      const auto why = naive_reason(n, one);
      if (why) {
        ASSERT_EQ(to_string(verdict.why), to_string(*why)) << one.id;
      } else {
        ASSERT_GE(verdict.why, reason::limit) << one.id;
      }
    }
  });
  for (const auto why : core::all_reasons) {
    if (why == reason::container) continue;  // of containers; their images are in use
    EXPECT_TRUE(seen.contains(why)) << to_string(why) << " was never tried";
  }
}

TEST(plan_property, verdicts_and_steps_agree) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    std::set<std::pair<target_kind, std::string>> going;
    for (const auto& step : made.steps) {
      ASSERT_TRUE(going.emplace(step.kind, step.id).second) << step.id << " goes twice";
      for (const auto& also : step.also) ASSERT_TRUE(going.emplace(target_kind::image, also).second) << also;
    }
    for (const auto& one : made.verdicts) {
      ASSERT_EQ(one.action == verdict_action::remove, going.contains({one.kind, one.id})) << one.id;
      ASSERT_EQ(one.action == verdict_action::remove, one.why == reason::selected);
      ASSERT_LT(one.rule, made.rules.size());
    }
    // Exactly one for each, containers first, in order of ID.
    ASSERT_TRUE(
        std::ranges::is_sorted(made.verdicts, {}, [](const auto& one) { return std::pair(one.kind, one.id); }) ||
        n.truth.containers.empty() || n.truth.images.empty());
    ASSERT_EQ(made.images(), std::ssize(steps_of(made)));
  });
}

// What each prefix of the list frees is what a plain simulation of the engine frees.
TEST(plan_property, predicted_bytes_are_what_a_naive_simulation_frees) {
  int exact_steps = 0;
  for_each_plan([&](const random_plan& n, const core::plan& made) {
    if (n.node.what.engine.store == core::image_store::containerd) return;
    const auto truth = n.truth_after(made);
    const auto going = n.images_of(made);
    core::byte_range before;
    std::vector<std::uint32_t> so_far;
    core::byte_count last = 0;
    for (const auto& step : made.steps) {
      ASSERT_EQ(step.cumulative.at_least, before.at_least + step.freed.at_least);
      ASSERT_EQ(step.cumulative.at_most, before.at_most + step.freed.at_most);
      if (step.kind != target_kind::image) {
        before = step.cumulative;
        continue;
      }
      so_far.push_back(going[so_far.size()]);
      const auto freed = truth.naive_freed(so_far);
      if (n.exact) {
        ASSERT_EQ(step.freed, (core::byte_range{freed - last, freed - last})) << step.id;
        ++exact_steps;
      }
      last = freed;
      before = step.cumulative;
    }
    core::byte_range images;
    for (const auto& step : made.steps) {
      if (step.kind == target_kind::image) images += step.freed;
    }
    ASSERT_LE(images.at_least, last);
    ASSERT_GE(images.at_most, last);
  });
  EXPECT_GT(exact_steps, 1000);
}

TEST(plan_property, without_any_single_removal_the_goal_would_not_be_met) {
  int reached = 0, missed = 0;
  for_each_plan([&](const random_plan& n, const core::plan& made) {
    if (made.goals.empty()) return;
    std::vector<bool> done(made.steps.size(), true);
    ASSERT_EQ(made.goal_step.has_value(), naive_reached(n, made, done));
    if (!made.goal_step) {
      ++missed;
      return;
    }
    ++reached;
    // The step that reaches it is the last one, and the first after which it holds.
    ASSERT_EQ(*made.goal_step, made.steps.size());
    for (std::size_t i = 0; i < made.steps.size(); ++i) {
      if (made.steps[i].kind == target_kind::build_cache) continue;  // what it frees at least is not known
      done[i] = false;
      ASSERT_FALSE(naive_reached(n, made, done)) << "without step " << i + 1 << "\n" << text_of(made);
      done[i] = true;
    }
  });
  EXPECT_GT(reached, 300);
  EXPECT_GT(missed, 300);
}

TEST(plan_property, where_the_goal_is_missed_nothing_is_held_back_for_it) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    if (made.goals.empty() || made.goal_step) return;
    for (const auto& one : made.verdicts) ASSERT_NE(one.why, reason::goal_reached) << one.id;
    core::byte_count lacks = 0;
    bool bytes = false;
    for (const auto& goal : made.goals) {
      if (!goal.lacking) continue;
      bytes = true;
      core::byte_count freed = 0;
      for (const auto& step : made.steps) {
        const bool counts = goal.what != core::quantity::images_bytes || step.kind == target_kind::image;
        if (counts) freed += step.freed.at_least;
      }
      lacks = std::max(lacks, *goal.lacking - freed);
    }
    ASSERT_EQ(made.shortfall.has_value(), bytes);
    ASSERT_EQ(made.shortfall.value_or(0), lacks);
    if (lacks == 0) {
      ASSERT_TRUE(made.blockers.empty());
    }
    std::int64_t blocked = 0;
    for (const auto& one : made.blockers) blocked += one.count;
    const auto after = n.containers_after(made);
    const auto staying = std::ranges::count_if(n.truth.images, [&](const auto& one) {
      return verdict_of(made, one.id).action == verdict_action::keep && !naive_is_intermediate(n, one, after);
    });
    if (lacks > 0) {
      ASSERT_EQ(blocked, staying) << "every image that stays is in somebody's way";
    }
  });
}

TEST(plan_property, what_frees_nothing_frees_nothing) {
  int useless = 0;
  for_each_plan([&](const random_plan& n, const core::plan& made) {
    if (!n.exact) return;
    const auto truth = n.truth_after(made);
    const auto going = n.images_of(made);
    const auto freed = truth.naive_freed(going);
    for (std::uint32_t i = 0; i < n.truth.images.size(); ++i) {
      if (verdict_of(made, n.truth.images[i].id).why != reason::frees_nothing) continue;
      ASSERT_FALSE(untags(n));
      auto more = going;
      more.push_back(i);
      ASSERT_EQ(truth.naive_freed(more), freed) << n.truth.images[i].id;
      ++useless;
    }
  });
  EXPECT_GT(useless, 100);
}

TEST(plan_property, limits_are_never_exceeded) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    const auto& limits = n.node.policy.limits;
    if (limits.images) {
      ASSERT_LE(made.images(), *limits.images);
    }
    if (limits.bytes) {
      ASSERT_LE(made.freed().at_most, *limits.bytes);
    }
    if (limited(n)) return;
    for (const auto& one : made.verdicts) ASSERT_NE(one.why, reason::limit) << one.id;
  });
}

TEST(plan_property, kinds_are_in_order_and_children_before_parents) {
  int pairs = 0;
  for_each_plan([&](const random_plan& n, const core::plan& made) {
    ASSERT_TRUE(std::ranges::is_sorted(made.steps, {}, &core::plan_step::kind));
    std::set<std::string> gone;
    for (const auto& step : made.steps) {
      if (step.kind != target_kind::image) continue;
      auto parent = std::ranges::find(n.truth.images, step.id, &core::image::id)->parent_id;
      while (!parent.empty()) {
        const bool goes_too = verdict_of(made, parent).action == verdict_action::remove;
        ASSERT_FALSE(gone.contains(parent)) << parent << " before " << step.id;
        pairs += goes_too ? 1 : 0;
        parent = std::ranges::find(n.truth.images, parent, &core::image::id)->parent_id;
      }
      gone.insert(step.id);
    }
  });
  EXPECT_GT(pairs, 500);
}

// An engine refuses a parent, or only untags it: never in a plan unless that was asked for.
TEST(plan_property, no_step_only_untags_unless_asked) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    if (untags(n)) return;
    std::set<std::string> gone;
    for (const auto& step : made.steps) {
      if (step.kind != target_kind::image) continue;
      for (const auto& one : n.truth.images) {
        if (one.parent_id == step.id) {
          ASSERT_TRUE(gone.contains(one.id)) << one.id << " still needs " << step.id;
        }
      }
      gone.insert(step.id);
      gone.insert(step.also.begin(), step.also.end());
    }
  });
}

TEST(plan_property, what_containers_set_free_says_after_which_step) {
  int freed = 0;
  for_each_plan([&](const random_plan& n, const core::plan& made) {
    for (const auto& step : made.steps) {
      std::set<std::string> ids(step.also.begin(), step.also.end());
      ids.insert(step.id);
      std::uint32_t last = 0;
      for (std::uint32_t i = 0; i < made.steps.size(); ++i) {
        if (made.steps[i].kind != target_kind::container || step.kind != target_kind::image) continue;
        const auto& one = *std::ranges::find(n.truth.containers, made.steps[i].id, &core::container::id);
        const bool held = ids.contains(one.image_id) ||
                          std::ranges::any_of(one.image_mounts, [&](const auto& id) { return ids.contains(id); });
        if (held) last = i + 1;
      }
      ASSERT_EQ(step.after_step, last) << step.id;
      freed += last > 0 ? 1 : 0;
    }
  });
  EXPECT_GT(freed, 50);
}

TEST(plan_property, names_are_every_tag_and_the_digests_that_are_left) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    for (const auto& step : made.steps) {
      if (step.kind != target_kind::image) continue;
      const auto& one = *std::ranges::find(n.truth.images, step.id, &core::image::id);
      std::set<std::string> expected(one.tags.begin(), one.tags.end());
      std::set<std::string> tagged;
      for (const auto& tag : one.tags) tagged.insert(tag.substr(0, tag.find(':')));
      for (const auto& digest : one.digests) {
        if (!tagged.contains(digest.substr(0, digest.find('@')))) expected.insert(digest);
      }
      ASSERT_EQ(std::set(step.names.begin(), step.names.end()), expected);
      ASSERT_EQ(step.names.size(), expected.size());
      ASSERT_TRUE(std::ranges::is_partitioned(step.names, [](const auto& name) { return !name.contains('@'); }));
    }
  });
}

// The algorithm of POLICY.md as it is written, for images alone, against the truth.
TEST(plan_property, takes_in_order_until_the_goal_and_gives_back_the_most_recently_used) {
  int compared = 0;
  for_each_plan([&](const random_plan& seeded, const core::plan&) {
    if (!seeded.exact) return;
    auto n = seeded;
    auto& policy = n.node.policy;
    policy.remove.containers.reset();
    policy.remove.volumes.reset();
    policy.limits = {};
    policy.remove.images->untag = false;
    auto& order = policy.remove.images->order;
    if (order == core::image_order::largest) order = core::image_order::lru;
    const auto of = n.node.view();
    const auto made = core::make_plan(n.node.picture(of), policy, n.node.now);
    const auto is_bytes = [](const auto& goal) { return goal.lacking.has_value(); };
    if (made.goals.empty() || !std::ranges::all_of(made.goals, is_bytes)) return;
    core::byte_count needed = 0;
    for (const auto& goal : made.goals) needed = std::max(needed, *goal.lacking);
    const auto truth = n.truth_after(made);
    std::vector<std::uint32_t> candidates;
    for (std::uint32_t i = 0; i < n.truth.images.size(); ++i) {
      if (!naive_reason(n, n.truth.images[i], n.truth.containers)) candidates.push_back(i);
    }
    const auto rank = [&](std::uint32_t i, bool by_use) {
      const auto* use = n.node.usage.images.find(n.truth.images[i].id);
      const auto moment = !use ? n.node.now : by_use ? use->last_used : use->first_seen;
      return std::pair(moment, n.truth.images[i].id);
    };
    std::ranges::sort(candidates, {}, [&](auto i) { return rank(i, order == core::image_order::lru); });
    std::vector<std::uint32_t> set;
    for (const auto one : candidates) {
      if (truth.naive_freed(set) < needed) set.push_back(one);
    }
    if (truth.naive_freed(set) < needed) return;
    std::ranges::sort(candidates, [&](auto one, auto other) {
      const auto [used, id] = rank(one, true);
      const auto [other_used, other_id] = rank(other, true);
      return used != other_used ? used > other_used : id < other_id;
    });
    for (const auto one : candidates) {
      auto without = set;
      std::erase(without, one);
      if (truth.naive_freed(without) >= needed) set = without;
    }
    auto planned = n.images_of(made);
    std::ranges::sort(planned);
    std::ranges::sort(set);
    ASSERT_EQ(planned, set);
    ++compared;
  });
  EXPECT_GT(compared, 100);
}

TEST(plan_property, same_input_same_plan_in_whatever_order_it_is_listed) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    auto what = n.node.what;
    std::mt19937 random(static_cast<std::uint32_t>(made.verdicts.size()));
    std::vector<std::size_t> order(what.images.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::shuffle(order, random);
    for (std::size_t i = 0; i < order.size(); ++i) {
      what.images[i] = n.node.what.images[order[i]];
      what.details[i] = n.node.what.details[order[i]];
      std::ranges::shuffle(what.images[i].tags, random);
      std::ranges::shuffle(what.images[i].digests, random);
    }
    std::ranges::shuffle(what.containers, random);
    std::ranges::shuffle(what.disk->volumes, random);
    const core::view shuffled(what);
    ASSERT_EQ(text_of(core::make_plan(n.node.picture(shuffled), n.node.policy, n.node.now)), text_of(made));
  });
}

TEST(plan_property, explain_decides_as_the_plan_does) {
  for_each_plan([](const random_plan& n, const core::plan& made) {
    const auto of = n.node.view();
    for (std::size_t i = 0; i < of.what().images.size(); i += 5) {
      const auto all = core::explain(n.node.picture(of), i, n.node.policy, n.node.now);
      const auto first = std::ranges::find(all, true, &core::finding::holds);
      const auto& verdict = verdict_of(made, of.what().images[i].id);
      ASSERT_NE(first, all.end());
      ASSERT_EQ(to_string(first->why), to_string(verdict.why)) << verdict.id;
      ASSERT_EQ(first->until, verdict.eligible_at);
      if (verdict.why != reason::in_use) {
        ASSERT_EQ(first->rule, made.rule_text(verdict));
      }
    }
  });
}

}  // namespace
}  // namespace docksweep::tests
