// Answers to removals, and inspects of containers and volumes.
#include "engine/decode/removals.hpp"

#include <array>

#include "engine/decode/reading.hpp"
#include "engine/decode/values.hpp"

namespace docksweep::engine {
namespace {

using core::failure_code;

enum removal_field { removal_list, removal_entry, untagged, deleted };
constexpr std::array removal_shape{shape{"Untagged", untagged, {}}, shape{"Deleted", deleted, {}}};
constexpr std::array removals_shape{shape{element, removal_entry, removal_shape}};
constexpr shape removals_root{"", removal_list, removals_shape};

class removal_visitor final : public visitor {
 public:
  app::image_removal removal;
  bool is_list = false;

  void begin_array(int what) override { is_list = is_list || what == removal_list; }
  void text(int what, std::string_view, std::string_view value) override {
    if (what == untagged) removal.untagged.emplace_back(value);
    if (what == deleted) {
      auto id = image_id_from(value);
      removal.deleted.push_back(id.empty() ? std::string(value) : std::move(id));
    }
  }
  void number(int, std::int64_t) override {}
};

enum prune_field { prune_answer, space_reclaimed };
constexpr std::array prune_shape{shape{"SpaceReclaimed", space_reclaimed, {}}};
constexpr shape prune_root{"", prune_answer, prune_shape};

class prune_visitor final : public visitor {
 public:
  std::optional<core::byte_count> reclaimed;

  void text(int, std::string_view, std::string_view) override {}
  void number(int what, std::int64_t value) override {
    if (what == space_reclaimed) reclaimed = size_from(value);
  }
};

enum inspect_field {
  inspect,
  id,
  image,
  state,
  status,
  finished_at,
  host_config,
  restart_policy,
  policy_name,
  size_rw,
  size_root_fs
};
constexpr std::array state_shape{shape{"Status", status, {}}, shape{"FinishedAt", finished_at, {}}};
constexpr std::array policy_shape{shape{"Name", policy_name, {}}};
constexpr std::array host_config_shape{shape{"RestartPolicy", restart_policy, policy_shape}};
constexpr std::array inspect_shape{shape{"Id", id, {}},
                                   shape{"Image", image, {}},
                                   shape{"State", state, state_shape},
                                   shape{"HostConfig", host_config, host_config_shape},
                                   shape{"SizeRw", size_rw, {}},
                                   shape{"SizeRootFs", size_root_fs, {}}};
constexpr shape inspect_root{"", inspect, inspect_shape};

class inspect_visitor final : public visitor {
 public:
  core::container_details details;
  bool sized = false, configured = false;

  void begin_object(int what) override { configured = configured || what == host_config; }
  void text(int what, std::string_view, std::string_view value) override {
    switch (what) {
      case id:
        if (is_container_id(value)) details.id = value;
        break;
      case image:
        details.image_id = image_id_from(value);
        break;
      case status:
        details.state = core::container_state_from(value);
        break;
      case finished_at:
        details.finished_at = time_from(value);
        break;
      case policy_name:
        details.restart_policy = value;
        break;
      default:
        break;
    }
  }
  void number(int what, std::int64_t value) override {
    if (what == size_rw) details.writable_bytes = size_from(value);
    if (what == size_root_fs) sized = value >= 0;  // -1: the engine could not measure
  }
};

enum volume_field { volume, volume_name };
constexpr std::array volume_shape{shape{"Name", volume_name, {}}};
constexpr shape volume_root{"", volume, volume_shape};

class volume_visitor final : public visitor {
 public:
  std::string name;
  void text(int what, std::string_view, std::string_view value) override {
    if (what == volume_name) name = value;
  }
  void number(int, std::int64_t) override {}
};

}  // namespace

struct image_removal_decoder::impl : reading<removal_visitor> {
  impl() : reading(removals_root) {}
};

image_removal_decoder::image_removal_decoder() : impl_(std::make_unique<impl>()) {}
image_removal_decoder::~image_removal_decoder() = default;

void image_removal_decoder::feed(std::string_view piece) {
  impl_->feed(piece);
}

core::result<app::image_removal> image_removal_decoder::finish() {
  if (const auto whole_answer = impl_->finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (!impl_->found.is_list) return core::fail(failure_code::malformed, "the answer is not a list of what was removed");
  return std::move(impl_->found.removal);
}

struct build_prune_decoder::impl : reading<prune_visitor> {
  impl() : reading(prune_root) {}
};

build_prune_decoder::build_prune_decoder() : impl_(std::make_unique<impl>()) {}
build_prune_decoder::~build_prune_decoder() = default;

void build_prune_decoder::feed(std::string_view piece) {
  impl_->feed(piece);
}

core::result<core::byte_count> build_prune_decoder::finish() {
  if (const auto whole_answer = impl_->finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (!impl_->found.reclaimed) return core::fail(failure_code::malformed, "the answer does not say what was reclaimed");
  return *impl_->found.reclaimed;
}

core::result<core::container_details> decode_container_inspect(std::string_view text) {
  inspect_visitor visit;
  const auto walked = walk(inspect_root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  auto& details = visit.details;
  if (details.id.empty()) return core::fail(failure_code::malformed, "the answer describes no container: it has no ID");
  if (!visit.configured) {
    return core::fail(failure_code::malformed, "the answer does not say whether the container starts again");
  }
  // Docker 20.10 and Podman leave the name of no policy empty.
  if (details.restart_policy.empty()) details.restart_policy = "no";
  if (visit.sized && !details.writable_bytes) details.writable_bytes = 0;
  details.inspect = text;
  return std::move(details);
}

core::result<std::string> decode_volume_name(std::string_view text) {
  volume_visitor visit;
  const auto walked = walk(volume_root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  if (visit.name.empty()) return core::fail(failure_code::malformed, "the answer describes no volume: it has no name");
  return std::move(visit.name);
}

}  // namespace docksweep::engine
