// What the engine says that the disk is used for.
#include "engine/decode/disk_usage.hpp"

#include <algorithm>
#include <array>

#include "engine/decode/reading.hpp"
#include "engine/decode/values.hpp"
#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

enum field {
  whole,
  layers_size,
  total_size,
  images_usage,
  images,
  image,
  image_size,
  containers_usage,
  containers,
  container,
  container_id,
  container_rw,
  container_root_fs,
  volumes_usage,
  volumes,
  volume,
  volume_name,
  volume_driver,
  volume_created,
  volume_labels,
  volume_label,
  volume_usage,
  volume_size,
  volume_references,
  cache_usage,
  cache,
  record,
  record_size,
  record_shared,
  record_in_use,
  legacy = 1000  // added to the list and total fields of the old keys
};

constexpr std::array image_shape{shape{"Size", image_size, {}}};
constexpr std::array container_shape{shape{"Id", container_id, {}}, shape{"SizeRw", container_rw, {}},
                                     shape{"SizeRootFs", container_root_fs, {}}};
constexpr std::array label_shape{shape{any_key, volume_label, {}}};
constexpr std::array volume_usage_shape{shape{"Size", volume_size, {}}, shape{"RefCount", volume_references, {}}};
constexpr std::array volume_shape{shape{"Name", volume_name, {}}, shape{"Driver", volume_driver, {}},
                                  shape{"CreatedAt", volume_created, {}}, shape{"Labels", volume_labels, label_shape},
                                  shape{"UsageData", volume_usage, volume_usage_shape}};
constexpr std::array record_shape{shape{"Size", record_size, {}}, shape{"Shared", record_shared, {}},
                                  shape{"InUse", record_in_use, {}}};

constexpr std::array image_list{shape{element, image, image_shape}};
constexpr std::array container_list{shape{element, container, container_shape}};
constexpr std::array volume_list{shape{element, volume, volume_shape}};
constexpr std::array record_list{shape{element, record, record_shape}};

constexpr std::array image_usage_shape{shape{"TotalSize", total_size, {}}, shape{"Items", images, image_list}};
constexpr std::array container_usage_shape{shape{"TotalSize", total_size, {}},
                                           shape{"Items", containers, container_list}};
constexpr std::array volumes_usage_shape{shape{"TotalSize", total_size, {}}, shape{"Items", volumes, volume_list}};
constexpr std::array cache_usage_shape{shape{"TotalSize", total_size, {}}, shape{"Items", cache, record_list}};

constexpr std::array answer_shape{shape{"LayersSize", layers_size, {}},
                                  shape{"Images", images + legacy, image_list},
                                  shape{"Containers", containers + legacy, container_list},
                                  shape{"Volumes", volumes + legacy, volume_list},
                                  shape{"BuildCache", cache + legacy, record_list},
                                  shape{"ImageUsage", images_usage, image_usage_shape},
                                  shape{"ContainerUsage", containers_usage, container_usage_shape},
                                  shape{"VolumeUsage", volumes_usage, volumes_usage_shape},
                                  shape{"BuildCacheUsage", cache_usage, cache_usage_shape}};
constexpr shape root{"", whole, answer_shape};

// What one generation of keys says.
struct generation {
  bool images_there = false, containers_there = false, volumes_there = false, cache_there = false;  // key or *Usage
  bool any_image_bytes = false;
  std::optional<core::byte_count> images_total, containers_total, volumes_total, cache_total;
  std::vector<std::pair<std::string, core::byte_count>> containers;
  std::vector<core::volume> volumes;
  core::byte_count cache_bytes = 0, cache_shared_bytes = 0, cache_free_bytes = 0;
  std::size_t records = 0;
};

class df_visitor final : public visitor {
 public:
  generation old_keys, usage_keys;
  bool is_object = false;
  std::optional<core::byte_count> layers_bytes;

  void begin_object(int what) override {
    switch (what) {
      case whole:
        is_object = true;
        break;
      case images_usage:
      case containers_usage:
      case volumes_usage:
      case cache_usage:
        begin_usage(what);
        break;
      case container:
        container_ = {};
        break;
      case volume:
        volume_ = {};
        break;
      case record:
        record_ = {};
        break;
      default:
        break;
    }
  }
  void begin_array(int what) override { there(what); }
  // A nil list of Go: the engine knows that there are none.
  void null(int what) override { there(what); }
  void end(int what) override {
    switch (what) {
      case images_usage:
      case containers_usage:
      case volumes_usage:
      case cache_usage:
        into_ = &old_keys;
        break;
      case container:
        add_container();
        break;
      case volume:
        add_volume();
        break;
      case record:
        add_record();
        break;
      default:
        break;
    }
  }
  void text(int what, std::string_view key, std::string_view value) override {
    switch (what) {
      case container_id:
        if (is_container_id(value)) container_.id = value;
        break;
      case volume_name:
        volume_.name = value;
        break;
      case volume_driver:
        volume_.driver = value;
        break;
      case volume_created:
        volume_.created = time_from(value);
        break;
      case volume_label:
        volume_.labels.emplace_back(key, value);
        break;
      default:
        break;
    }
  }
  void number(int what, std::int64_t value) override {
    switch (what) {
      case layers_size:
        layers_bytes = size_from(value);
        break;
      case total_size:
        if (total_) *total_ = size_from(value);
        break;
      case image_size:
        into_->any_image_bytes = into_->any_image_bytes || value > 0;
        break;
      case container_rw:
        container_.bytes = size_from(value);
        break;
      case container_root_fs:
        container_.measured = value >= 0;
        break;
      case volume_size:
        volume_.size = size_from(value);
        break;
      case volume_references:
        if (value >= 0) volume_.references = static_cast<int>(std::min<std::int64_t>(value, 1 << 30));
        break;
      case record_size:
        record_.bytes = std::max<std::int64_t>(value, 0);
        break;
      default:
        break;
    }
  }
  void boolean(int what, bool value) override {
    if (what == record_shared) record_.shared = value;
    if (what == record_in_use) record_.in_use = value;
  }

 private:
  void begin_usage(int what) {
    into_ = &usage_keys;
    switch (what) {
      case images_usage:
        usage_keys.images_there = true;
        total_ = &usage_keys.images_total;
        break;
      case containers_usage:
        usage_keys.containers_there = true;
        total_ = &usage_keys.containers_total;
        break;
      case volumes_usage:
        usage_keys.volumes_there = true;
        total_ = &usage_keys.volumes_total;
        break;
      default:
        usage_keys.cache_there = true;
        total_ = &usage_keys.cache_total;
        break;
    }
    *total_ = 0;  // zeros are left out
  }
  void there(int what) {
    switch (what) {
      case images + legacy:
        old_keys.images_there = true;
        break;
      case containers + legacy:
        old_keys.containers_there = true;
        break;
      case volumes + legacy:
        old_keys.volumes_there = true;
        break;
      case cache + legacy:
        old_keys.cache_there = true;
        break;
      default:
        break;
    }
  }
  void add_container() {
    // SizeRw is left out where it is 0.
    if (!container_.bytes && container_.measured) container_.bytes = 0;
    if (!container_.id.empty() && container_.bytes)
      into_->containers.emplace_back(std::move(container_.id), *container_.bytes);
  }
  void add_volume();
  void add_record() {
    ++into_->records;
    into_->cache_bytes += record_.bytes;
    if (record_.shared) into_->cache_shared_bytes += record_.bytes;
    if (!record_.in_use) into_->cache_free_bytes += record_.bytes;
  }

  struct {
    std::string id;
    std::optional<core::byte_count> bytes;
    bool measured = false;
  } container_;
  struct {
    core::byte_count bytes = 0;
    bool shared = false, in_use = false;
  } record_;
  core::volume volume_;
  generation* into_ = &old_keys;
  std::optional<core::byte_count>* total_ = nullptr;
};

void df_visitor::add_volume() {
  if (volume_.name.empty()) return;
  sort_labels(volume_.labels);
  const auto labelled = std::any_of(volume_.labels.begin(), volume_.labels.end(),
                                    [](const auto& each) { return each.first == "com.docker.volume.anonymous"; });
  // Engines before 24 (and Podman) do not label anonymous volumes; their names are 64 hex digits all the same.
  volume_.anonymous = labelled || image_id_from(volume_.name).size() == std::string_view("sha256:").size() + 64;
  into_->volumes.push_back(std::move(volume_));
}

template <typename Items>
std::optional<core::byte_count> sum_of_known(const Items& items, auto bytes_of) {
  core::byte_count sum = 0;
  for (const auto& item : items) sum += bytes_of(item).value_or(0);
  return sum;
}

std::optional<core::byte_count> images_bytes(const df_visitor& seen) {
  if (seen.usage_keys.images_there) return seen.usage_keys.images_total;
  // Podman 4 says 0 whatever there is.
  if (seen.layers_bytes == 0 && seen.old_keys.any_image_bytes) return std::nullopt;
  return seen.layers_bytes;
}

core::disk_usage assemble(df_visitor& seen, core::instant made_at) {
  core::disk_usage usage;
  usage.made_at = made_at;
  usage.images_bytes = images_bytes(seen);
  auto& now = seen.usage_keys;
  auto& old = seen.old_keys;
  auto& containers = now.containers.empty() ? old.containers : now.containers;
  if (!containers.empty() || old.containers_there) {
    usage.containers_bytes = sum_of_known(containers, [](const auto& each) { return std::optional(each.second); });
  } else if (now.containers_there) {
    usage.containers_bytes = now.containers_total;
  }
  usage.container_writable_bytes = std::move(containers);
  auto& volumes = now.volumes.empty() ? old.volumes : now.volumes;
  if (!volumes.empty() || old.volumes_there) {
    usage.volumes_bytes = sum_of_known(volumes, [](const core::volume& each) { return each.size; });
  } else if (now.volumes_there) {
    usage.volumes_bytes = now.volumes_total;
  }
  usage.volumes = std::move(volumes);
  const auto& cache = now.records == 0 ? old : now;
  if (cache.records > 0 || old.cache_there) {
    usage.build_cache_bytes = cache.cache_bytes;
  } else if (now.cache_there) {
    usage.build_cache_bytes = now.cache_total;
  }
  usage.build_cache_shared_bytes = cache.cache_shared_bytes;
  usage.build_cache_reclaimable_bytes = cache.cache_free_bytes;
  return usage;
}

}  // namespace

struct disk_usage_decoder::impl : reading<df_visitor> {
  impl() : reading(root) {}
};

disk_usage_decoder::disk_usage_decoder() : impl_(std::make_unique<impl>()) {}
disk_usage_decoder::~disk_usage_decoder() = default;

void disk_usage_decoder::feed(std::string_view piece) {
  impl_->feed(piece);
}

core::result<core::disk_usage> disk_usage_decoder::finish(core::instant made_at) {
  if (const auto whole_answer = impl_->finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (!impl_->found.is_object)
    return core::fail(core::failure_code::malformed, "the answer says nothing of disk usage");
  return assemble(impl_->found, made_at);
}

core::result<core::disk_usage> decode_disk_usage(std::string_view text, core::instant made_at) {
  disk_usage_decoder decoder;
  decoder.feed(text);
  return decoder.finish(made_at);
}

}  // namespace docksweep::engine
