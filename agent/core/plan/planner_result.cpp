// From what was taken to the plan: steps in the order of removal, goals, what stands in the way, verdicts.
#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "core/plan/names.hpp"
#include "core/plan/planner.hpp"
#include "core/plan/selection.hpp"

namespace docksweep::core {
namespace {

constexpr std::uint32_t none = 0xffffffff;

}  // namespace

plan_step& planner::add_step(plan& made, target_kind kind, byte_range freed) const {
  auto cumulative = made.freed();
  cumulative += freed;
  return made.steps.emplace_back(plan_step{.kind = kind, .freed = freed, .cumulative = cumulative});
}

void planner::add_container_steps(plan& made) const {
  for (const auto& one : containers_) {
    auto& step = add_step(made, target_kind::container, one.bytes);
    step.id = node_.containers[one.container].id;
    step.names = node_.containers[one.container].names;
    std::ranges::sort(step.names);
    step.rule = one.rule;
  }
  if (!build_cache_) return;
  auto& step = add_step(made, target_kind::build_cache, build_cache_->freed);
  step.keep_bytes = build_cache_->keep_bytes;
  step.rule = build_cache_->rule;
}

void planner::add_image_steps(plan& made) {
  std::vector<std::uint32_t> going;
  for (const auto one : images_) {
    if (simulation_->chosen(one)) going.push_back(one);
  }
  std::vector<std::uint32_t> step_of_container(node_.containers.size(), 0);
  for (std::uint32_t i = 0; i < containers_.size(); ++i) step_of_container[containers_[i].container] = i + 1;
  const auto along = rules_.number("intermediate: goes with its last child");

  simulation_->clear();
  byte_range before;
  made.steps.reserve(made.steps.size() + going.size());
  const auto order = children_first(node_.images, going);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto one = order[i];
    simulation_->fetch_ahead(order, i);
    const auto taken = simulation_->add(one);
    const auto after = simulation_->freed();
    auto& step = add_step(made, target_kind::image, {after.at_least - before.at_least, after.at_most - before.at_most});
    before = after;
    step.id = node_.images[one].id;
    step.names = names_to_remove(node_.images[one]);
    step.rule = image_rulings_[one].rule;
    step.first = keeper_->before_removal(one);
    const auto free_after = [&](std::uint32_t image) {
      for (const auto holder : holders_.of_image(image)) {
        step.after_step = std::max(step.after_step, step_of_container[holder]);
      }
    };
    free_after(one);
    for (const auto also : taken) {
      if (also == one) continue;
      step.also.push_back(node_.images[also].id);
      image_rulings_[also] = {.why = reason::selected, .rule = along};
      free_after(also);
    }
  }
}

void planner::add_volume_steps(plan& made) const {
  for (const auto& one : volumes_) {
    auto& step = add_step(made, target_kind::volume, {one.bytes, one.bytes});
    step.id = one.name;
    step.names = {one.name};
    step.rule = one.rule;
  }
}

void planner::judge_against_goals(plan& made) {
  if (goals_.none()) return;
  plan_tally so_far;
  if (goals_.met_now()) made.goal_step = 0;
  for (std::uint32_t i = 0; i < made.steps.size() && !made.goal_step; ++i) {
    const auto& step = made.steps[i];
    auto& sum = step.kind == target_kind::container     ? so_far.containers
                : step.kind == target_kind::build_cache ? so_far.build_cache
                : step.kind == target_kind::image       ? so_far.images
                                                        : so_far.volumes;
    sum += step.freed;
    if (step.kind == target_kind::image) ++so_far.image_steps;
    if (goals_.reached(so_far)) made.goal_step = i + 1;
  }
  made.shortfall = goals_.shortfall(tally_);
  if (made.shortfall.value_or(0) > 0) add_blockers(made);
}

void planner::add_blockers(plan& made) {
  std::array<std::vector<std::uint32_t>, all_reasons.size()> kept;
  for (std::uint32_t i = 0; i < image_rulings_.size(); ++i) {
    // Intermediate images stay for the sake of others.
    if (states_[i] != image_state::intermediate) kept[static_cast<std::size_t>(image_rulings_[i].why)].push_back(i);
  }
  simulation_->clear();
  for (const auto why : all_reasons) {
    const auto& images = kept[static_cast<std::size_t>(why)];
    if (why == reason::selected || images.empty()) continue;
    for (const auto one : images) simulation_->add(one);
    made.blockers.push_back({.why = why, .count = std::ssize(images), .bytes = simulation_->freed()});
    for (const auto one : images) simulation_->drop(one);
  }
  std::ranges::sort(made.blockers, [](const blocker& one, const blocker& other) {
    return std::tuple(other.bytes.at_most, other.bytes.at_least, one.why) <
           std::tuple(one.bytes.at_most, one.bytes.at_least, other.why);
  });
}

void planner::add_verdicts(plan& made) const {
  const auto add = [&](target_kind kind, const std::string& id, const ruling& of) {
    const auto action = of.why == reason::selected ? verdict_action::remove : verdict_action::keep;
    made.verdicts.push_back(
        {.kind = kind, .id = id, .action = action, .why = of.why, .rule = of.rule, .eligible_at = of.until});
  };
  made.verdicts.reserve(node_.containers.size() + node_.images.size());
  for (std::size_t i = 0; i < node_.containers.size(); ++i) {
    add(target_kind::container, node_.containers[i].id, container_rulings_[i]);
  }
  for (std::size_t i = 0; i < node_.images.size(); ++i) add(target_kind::image, node_.images[i].id, image_rulings_[i]);
}

// In use: by the first container that stays. The only rule whose text differs from image to image.
void planner::name_holders() {
  std::vector<std::uint32_t> texts(node_.containers.size(), none);
  for (std::uint32_t i = 0; i < image_rulings_.size(); ++i) {
    auto& of = image_rulings_[i];
    if (of.why != reason::in_use) continue;
    const auto holders = holders_.of_image(i);
    const auto staying =
        std::ranges::find_if(holders, [this](auto one) { return container_rulings_[one].why != reason::selected; });
    if (staying == holders.end()) {
      of.rule = rules_.number("held by a container");
      continue;
    }
    auto& text = texts[*staying];
    if (text == none) text = rules_.number("held by " + container_text(node_.containers[*staying]));
    of.rule = text;
  }
}

// Texts that nothing refers to are left out, the others numbered as they come.
void planner::keep_used_rules(plan& made) const {
  std::vector<std::uint32_t> numbers(rules_.size(), none);
  const auto renumber = [&](std::uint32_t& rule) {
    auto& number = numbers[rule];
    if (number == none) {
      number = static_cast<std::uint32_t>(made.rules.size());
      made.rules.push_back(rules_.text(rule));
    }
    rule = number;
  };
  for (auto& step : made.steps) renumber(step.rule);
  for (auto& one : made.verdicts) renumber(one.rule);
}

}  // namespace docksweep::core
