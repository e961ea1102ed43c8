// Everything unused is planned first; of that the plan holds what was named. So a removal by name and a policy's cannot
// differ in what they protect.
#include "cli/remove_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/lookup.hpp"
#include "core/removal_simulation.hpp"
#include "report/human.hpp"
#include "report/plan_parts.hpp"
#include "report/plan_text.hpp"

namespace docksweep::cli {
namespace {

struct named_objects {
  std::map<std::size_t, std::set<std::string>> images;  // by index; the tags that were named, none: all of it
  std::set<std::size_t> containers;
};

core::result<void> add_name(const core::view& node, const std::string& name, named_objects& into) {
  auto image = find_image(node, name);
  auto container = find_container(node, name);
  if (image && container) {
    return core::fail(
        core::failure_code::conflict,
        fmt::format("'{}' is an image and a container: name the image with its tag or either by its ID", name));
  }
  for (const auto* one : {image ? nullptr : &image.error(), container ? nullptr : &container.error()}) {
    if (one != nullptr && one->code == core::failure_code::conflict) return std::unexpected(*one);
  }
  if (container) {
    into.containers.insert(*container);
    return {};
  }
  if (!image) {
    return core::fail(core::failure_code::not_found,
                      fmt::format("no image and no container here is called '{}'", name));
  }
  auto [known, is_new] = into.images.try_emplace(image->index);
  if (image->tag.empty() || (!is_new && known->second.empty())) {
    known->second.clear();
  } else {
    known->second.insert(image->tag);
  }
  return {};
}

core::policy policy_for(const core::view& node, const named_objects& named, const core::keep_rules& keep) {
  auto policy = core::everything_unused(keep);
  policy.name.clear();
  if (named.containers.empty()) return policy;
  core::container_selection containers;
  containers.states = {core::container_state::exited, core::container_state::dead, core::container_state::created};
  containers.stopped_for = core::duration(0);
  for (const auto index : named.containers) {
    for (const auto& name : node.what().containers[index].names) {
      if (auto rule = core::name_rule::parse(name)) containers.names.push_back(*std::move(rule));
    }
  }
  policy.remove.containers = std::move(containers);
  return policy;
}

std::string why_it_stays(const core::plan& all, const core::verdict& verdict, const std::string& name,
                         core::instant now) {
  if (verdict.action == core::verdict_action::remove)
    return fmt::format("{} goes with the last image that is built on it, and not by itself", name);
  auto out = fmt::format("{} stays: {} ({})", name, core::to_string(verdict.why), all.rule_text(verdict));
  if (verdict.eligible_at) out += fmt::format(", which ends {}", report::human_until(*verdict.eligible_at, now));
  if (verdict.why == core::reason::min_age || verdict.why == core::reason::local_only)
    out += fmt::format("; --even-if {} removes it nevertheless", core::to_string(verdict.why));
  return out;
}

// Bytes of the steps that were kept, one after the other, and what was named of each image.
class step_builder {
 public:
  step_builder(const core::view& node, const named_objects& named)
      : node_(node), named_(named), states_(states_afterwards()), simulation_(node.layers(), states_) {}

  void restrict(core::plan& to) {
    to.rules.emplace_back("named on the command line");
    core::byte_range sum;
    for (auto& step : to.steps) {
      step.rule = static_cast<std::uint32_t>(to.rules.size() - 1);
      if (step.kind == core::target_kind::image) restrict_image(step);
      sum += step.freed;
      step.cumulative = sum;
      step.after_step = 0;
    }
  }

 private:
  std::vector<core::image_state> states_afterwards() const {
    std::vector<core::container> stay;
    const auto& all = node_.what().containers;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!named_.containers.contains(i)) stay.push_back(all[i]);
    }
    return core::image_states(node_.what().images, stay);
  }

  void restrict_image(core::plan_step& step) {
    const auto& images = node_.what().images;
    const auto index = static_cast<std::size_t>(std::ranges::find(images, step.id, &core::image::id) - images.begin());
    const auto& tags = named_.images.at(index);
    if (!tags.empty() && tags.size() < images[index].tags.size()) {
      step.names.assign(tags.begin(), tags.end());
      step.also.clear();
      step.freed = {};  // the image stays under its other names
      return;
    }
    const auto before = simulation_.freed();
    simulation_.add(static_cast<std::uint32_t>(index));
    const auto after = simulation_.freed();
    step.freed = {after.at_least - before.at_least, after.at_most - before.at_most};
  }

  const core::view& node_;
  const named_objects& named_;
  std::vector<core::image_state> states_;
  core::removal_simulation simulation_;
};

class remover_of_names {
 public:
  remover_of_names(const core::node_picture& picture, const named_objects& named, core::instant now)
      : node_(picture.node), named_(named), now_(now) {
    for (const auto& [index, tags] : named.images) wanted_.emplace(core::target_kind::image, images()[index].id);
    for (const auto index : named.containers)
      wanted_.emplace(core::target_kind::container, node_.what().containers[index].id);
  }

  remove_plan make(core::plan all, core::policy policy) {
    remove_plan made{.policy = std::move(policy), .plan = {}, .refused = {}};
    std::erase_if(all.steps, [this](const auto& step) { return !wanted_.contains({step.kind, step.id}); });
    for (const auto& verdict : all.verdicts) {
      if (!wanted_.contains({verdict.kind, verdict.id})) continue;
      const bool goes = std::ranges::any_of(
          all.steps, [&](const auto& step) { return step.kind == verdict.kind && step.id == verdict.id; });
      if (!goes) made.refused.push_back(why_it_stays(all, verdict, name_of(verdict), now_));
    }
    std::erase_if(all.verdicts, [this](const auto& one) { return !wanted_.contains({one.kind, one.id}); });
    step_builder(node_, named_).restrict(all);
    made.plan = std::move(all);
    return made;
  }

 private:
  const std::vector<core::image>& images() const { return node_.what().images; }

  std::string name_of(const core::verdict& one) const {
    return report::shown_name(report::object_names(node_).of(one.kind, one.id), one.id);
  }

  const core::view& node_;
  const named_objects& named_;
  core::instant now_;
  std::set<std::pair<core::target_kind, std::string>> wanted_;
};

}  // namespace

core::result<remove_plan> plan_removal(const core::node_picture& picture, const remove_wish& wish, core::instant now) {
  named_objects named;
  for (const auto& name : wish.names) {
    if (auto added = add_name(picture.node, name, named); !added) return std::unexpected(std::move(added).error());
  }
  auto policy = policy_for(picture.node, named, wish.keep);
  auto all = core::make_plan(picture, policy, now);
  return remover_of_names(picture, named, now).make(std::move(all), std::move(policy));
}

}  // namespace docksweep::cli
