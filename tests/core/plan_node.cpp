#include "core/plan_node.hpp"

#include <algorithm>
#include <stdexcept>

namespace docksweep::tests {

plan_node::plan_node() {
  what.engine = {.id = "engine", .engine = "docker", .store = core::image_store::graphdriver};
  what.complete_at = now;
  what.disk.emplace();  // no build cache: figures are exact
  policy.name = "test";
  policy.remove.images.emplace();
}

core::image& plan_node::add(const std::string& id, const std::vector<layer_bytes>& layers, core::duration ago) {
  core::image one;
  one.id = id;
  one.tags = {id + ":latest"};
  one.digests = {id + "@sha256:d"};
  one.size = 0;
  auto more = std::make_shared<core::image_details>();
  more->id = id;
  more->has_history = true;
  for (const auto& [layer, bytes] : layers) {
    more->diff_ids.push_back(layer);
    more->history_sizes.push_back(bytes);
    *one.size += bytes;
  }
  more->chain_ids = core::chain_ids(more->diff_ids);
  what.details.push_back(std::move(more));
  used(id, ago, ago);
  return what.images.emplace_back(std::move(one));
}

core::image& plan_node::find(const std::string& id) {
  return *std::ranges::find(what.images, id, &core::image::id);
}

void plan_node::used(const std::string& id, core::duration ago, core::duration arrived_ago) {
  std::erase_if(used_images, [&](const auto& one) { return one.id == id; });
  used_images.push_back({.id = id, .first_seen = now - arrived_ago, .last_used = now - ago});
}

void plan_node::origin(const std::string& id, core::image_origin how) {
  for (auto& one : used_images) {
    if (one.id == id) one.origin = how;
  }
}

core::container& plan_node::add_container(const std::string& id, const std::string& image_id, core::duration ago) {
  core::container one;
  one.id = id;
  one.names = {id};
  one.image_id = image_id;
  one.state = core::container_state::exited;
  one.created = now - ago - 1h;
  stopped[id] = {.id = id,
                 .finished_at = now - ago,
                 .restart_policy = "no",
                 .writable_bytes = 0,
                 .image_id = image_id,
                 .state = core::container_state::exited,
                 .inspect = {}};
  return what.containers.emplace_back(std::move(one));
}

core::volume& plan_node::add_volume(const std::string& name, core::byte_count size, core::duration ago) {
  used_volumes.push_back({.id = name, .first_seen = now - ago, .last_used = now - ago});
  core::volume one;
  one.name = name;
  one.driver = "local";
  one.size = size;
  one.references = 0;
  return what.disk->volumes.emplace_back(std::move(one));
}

void plan_node::disk(core::byte_count size, core::byte_count avail, std::string path) {
  disks.push_back({.path = std::move(path), .size_bytes = size, .avail_bytes = avail, .free_bytes = avail});
}

void plan_node::until(core::quantity what_quantity, double target) {
  policy.until.push_back({what_quantity, target});
}

void plan_node::load_usage() {
  usage.images.load(used_images, now);
  usage.volumes.load(used_volumes, now);
}

core::plan plan_node::plan() {
  load_usage();
  const auto made_of = view();
  return core::make_plan(picture(made_of), policy, now);
}

std::vector<std::string> steps_of(const core::plan& made, core::target_kind kind) {
  std::vector<std::string> ids;
  for (const auto& step : made.steps) {
    if (step.kind == kind) ids.push_back(step.id);
  }
  return ids;
}

const core::verdict& verdict_of(const core::plan& made, const std::string& id, core::target_kind kind) {
  const auto found =
      std::ranges::find_if(made.verdicts, [&](const auto& one) { return one.kind == kind && one.id == id; });
  if (found == made.verdicts.end()) throw std::logic_error("no verdict for " + id);
  return *found;
}

std::string why(const core::plan& made, const std::string& id) {
  return std::string(to_string(verdict_of(made, id).why));
}

std::string why_container(const core::plan& made, const std::string& id) {
  return std::string(to_string(verdict_of(made, id, core::target_kind::container).why));
}

core::glob glob(std::string_view text) {
  return core::glob::compile(text).value();
}
core::regex regex(std::string_view text) {
  return core::regex::compile(text).value();
}
core::label_rule label(std::string_view text) {
  return core::label_rule::parse(text).value();
}
core::name_rule name(std::string_view text) {
  return core::name_rule::parse(text).value();
}

}  // namespace docksweep::tests
