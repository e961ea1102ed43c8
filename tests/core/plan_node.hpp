// A node made by hand for tests of the planner: images of named layers, containers, volumes, last uses, disks.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/plan.hpp"

namespace docksweep::tests {

using namespace std::chrono_literals;

// A layer and its bytes; layers of equal name (over equal ones) are the same.
using layer_bytes = std::pair<std::string, core::byte_count>;

struct plan_node {
  core::inventory what;
  core::node_usage usage;
  core::container_details_by_id stopped;
  std::vector<core::file_system> disks;
  std::string trigger_path;
  core::policy policy;
  core::instant now = core::instant(1'800'000'000s);
  std::vector<core::use_record> used_images, used_volumes;

  plan_node();

  // A tagged image ("ID:latest") that was pulled (it has a digest) and last used `ago`; all may be changed afterwards.
  core::image& add(const std::string& id, const std::vector<layer_bytes>& layers, core::duration ago = 1000h);
  core::image& find(const std::string& id);
  void used(const std::string& id, core::duration ago, core::duration arrived_ago);
  void origin(const std::string& id, core::image_origin how);
  // An exited container that ended `ago`, with its inspect.
  core::container& add_container(const std::string& id, const std::string& image_id, core::duration ago = 1000h);
  core::volume& add_volume(const std::string& name, core::byte_count size, core::duration ago = 1000h);
  // One file system of `size` bytes, of which `avail` are free.
  void disk(core::byte_count size, core::byte_count avail, std::string path = "/var/lib/docker");
  void until(core::quantity what_quantity, double target);

  core::view view() const { return core::view(what); }
  core::plan plan();
  // Bound to `of`, which is to outlive it.
  core::node_picture picture(const core::view& of) const { return {of, usage, disks, stopped, trigger_path}; }
  void load_usage();
};

std::vector<std::string> steps_of(const core::plan& made, core::target_kind kind = core::target_kind::image);
const core::verdict& verdict_of(const core::plan& made, const std::string& id,
                                core::target_kind kind = core::target_kind::image);
std::string why(const core::plan& made, const std::string& id);  // "min_age", of an image
std::string why_container(const core::plan& made, const std::string& id);

core::glob glob(std::string_view text);
core::regex regex(std::string_view text);
core::label_rule label(std::string_view text);
core::name_rule name(std::string_view text);

}  // namespace docksweep::tests
