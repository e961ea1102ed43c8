#include "app/removal_records.hpp"

#include <algorithm>

#include "core/plan/names.hpp"

namespace docksweep::app {
namespace {

bool is_digest(const std::string& name) {
  return name.find('@') != std::string::npos;
}

void add_image(const sweep_request& request, const core::plan_step& step, core::removal_record& record) {
  for (const std::string& name : step.names) (is_digest(name) ? record.digests : record.references).push_back(name);
  const auto place = place_of_image(*request.node, step.id);
  if (request.usage != nullptr) {
    if (const auto* use = request.usage->images.find(step.id)) record.origin = use->origin;
  }
  if (!place) return;
  const core::inventory& node = request.node->what();
  const core::image& image = node.images[*place];
  if (step.names.empty()) record.references = image.tags;
  for (const std::string& digest : image.digests) {
    if (std::ranges::find(record.digests, digest) == record.digests.end()) record.digests.push_back(digest);
  }
  if (*place >= node.details.size() || !node.details[*place]) return;
  const auto& details = node.details[*place];
  record.layers = details->chain_ids;
  record.platform = details->platform;
}

void add_container(const sweep_request& request, const core::plan_step& step, core::removal_record& record) {
  record.references = step.names;
  if (request.stopped == nullptr) return;
  const auto known = request.stopped->find(step.id);
  if (known != request.stopped->end()) record.inspect = known->second.inspect;
}

}  // namespace

std::optional<std::uint32_t> place_of_image(const core::view& node, std::string_view id) {
  const auto& images = node.what().images;
  const auto found =
      std::ranges::lower_bound(images, id, {}, [](const core::image& one) -> std::string_view { return one.id; });
  if (found == images.end() || found->id != id) return std::nullopt;
  return static_cast<std::uint32_t>(found - images.begin());
}

const core::container* find_container(const core::view& node, std::string_view id) {
  const auto& all = node.what().containers;
  const auto found = std::ranges::find(all, id, &core::container::id);
  return found == all.end() ? nullptr : &*found;
}

bool removes_whole_image(const core::plan_step& step, const core::view& node, std::uint32_t place) {
  return std::ranges::all_of(core::names_to_remove(node.what().images[place]), [&](const std::string& name) {
    return std::ranges::find(step.names, name) != step.names.end();
  });
}

image_family::image_family(const core::view& node) {
  const auto& what = node.what();
  if (what.engine.store != core::image_store::graphdriver) return;
  for (std::uint32_t i = 0; i < what.images.size(); ++i) {
    if (what.images[i].parent_id.empty()) continue;
    if (const auto parent = place_of_image(node, what.images[i].parent_id)) children_.emplace(*parent, i);
  }
}

void image_family::gone(std::uint32_t place) {
  gone_.insert(place);
}

std::optional<std::uint32_t> image_family::child_of(std::uint32_t place) const {
  const auto [first, last] = children_.equal_range(place);
  for (auto child = first; child != last; ++child) {
    if (!gone_.contains(child->second)) return child->second;
  }
  return std::nullopt;
}

bool use_protects(const core::policy& which, core::target_kind kind) {
  const auto positive = [](const std::optional<core::duration>& time) { return time && *time > core::duration(0); };
  const auto& remove = which.remove;
  if (kind == core::target_kind::image) {
    return positive(which.keep.min_age) || (remove.images && positive(remove.images->unused_for));
  }
  if (kind != core::target_kind::volume) return false;
  return positive(which.keep.min_age) || (remove.volumes && positive(remove.volumes->unused_for));
}

std::vector<core::removal_record> removal_records(const sweep_request& request, core::instant now) {
  std::vector<core::removal_record> records;
  records.reserve(request.plan.steps.size());
  for (const core::plan_step& step : request.plan.steps) {
    core::removal_record record;
    record.kind = step.kind;
    record.object_id = step.id;
    record.predicted = step.freed;
    record.also = step.also;
    record.at = now;
    if (step.rule < request.plan.rules.size()) record.rule = request.plan.rules[step.rule];
    if (step.kind == core::target_kind::image) add_image(request, step, record);
    if (step.kind == core::target_kind::container) add_container(request, step, record);
    records.push_back(std::move(record));
  }
  return records;
}

core::sweep_record sweep_record_of(const sweep_request& request, core::instant now) {
  core::sweep_record sweep;
  sweep.engine_id = request.node->what().engine.id;
  sweep.policy = request.policy.name;
  sweep.trigger = request.trigger;
  sweep.actor = request.actor;
  sweep.cause = request.cause;
  sweep.began = now;
  sweep.predicted = request.plan.freed();
  sweep.planned = static_cast<int>(request.plan.steps.size());
  return sweep;
}

}  // namespace docksweep::app
