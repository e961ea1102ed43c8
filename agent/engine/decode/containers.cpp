// Container listings.
#include "engine/decode/containers.hpp"

#include <array>

#include "engine/decode/reading.hpp"
#include "engine/decode/values.hpp"
#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

enum field {
  list,
  entry,
  id,
  names,
  name,
  image,
  image_id,
  state,
  status,
  created,
  size_rw,
  size_root_fs,
  labels,
  label,
  mounts,
  mount,
  mount_type,
  mount_name,
  mount_source
};

constexpr std::array name_shape{shape{element, name, {}}};
constexpr std::array label_shape{shape{any_key, label, {}}};
constexpr std::array mount_shape{shape{"Type", mount_type, {}}, shape{"Name", mount_name, {}},
                                 shape{"Source", mount_source, {}}};
constexpr std::array mounts_shape{shape{element, mount, mount_shape}};
constexpr std::array container_shape{shape{"Id", id, {}},
                                     shape{"Names", names, name_shape},
                                     shape{"Image", image, {}},
                                     shape{"ImageID", image_id, {}},
                                     shape{"State", state, {}},
                                     shape{"Status", status, {}},
                                     shape{"Created", created, {}},
                                     shape{"SizeRw", size_rw, {}},
                                     shape{"SizeRootFs", size_root_fs, {}},
                                     shape{"Labels", labels, label_shape},
                                     shape{"Mounts", mounts, mounts_shape}};
constexpr std::array list_shape{shape{element, entry, container_shape}};
constexpr shape root{"", list, list_shape};

class list_visitor final : public visitor {
 public:
  core::listing<core::container> listing;
  bool is_list = false;

  void begin_array(int what) override { is_list = is_list || what == list; }
  void begin_object(int what) override {
    if (what == entry) {
      current_ = {};
      labels_.clear();
      sizes_asked_for_ = false;
    }
    if (what == mount) mount_ = {};
  }
  void end(int what) override {
    if (what == mount) add_mount();
    if (what == entry) add_container();
  }
  void text(int what, std::string_view key, std::string_view value) override {
    switch (what) {
      case entry:
        ++listing.unreadable;
        break;
      case id:
        if (is_container_id(value)) current_.id = value;
        break;
      case name:
        current_.names.emplace_back(value.starts_with('/') ? value.substr(1) : value);
        break;
      case image:
        current_.image_name = value;
        break;
      case image_id:
        current_.image_id = image_id_from(value);
        break;
      case state:
        current_.state = core::container_state_from(value);
        break;
      case status:
        current_.status = value;
        break;
      case label:
        labels_.emplace_back(key, value);
        break;
      case mount_type:
        mount_.type = value;
        break;
      case mount_name:
        mount_.name = value;
        break;
      case mount_source:
        mount_.source = value;
        break;
      default:
        break;
    }
  }
  void number(int what, std::int64_t value) override {
    switch (what) {
      case entry:
        ++listing.unreadable;
        break;
      case created:
        current_.created = time_from(value);
        break;
      case size_rw:
        current_.writable_bytes = size_from(value);
        break;
      case size_root_fs:
        sizes_asked_for_ = value >= 0;  // -1: the engine could not measure
        break;
      default:
        break;
    }
  }
  void boolean(int what, bool) override { listing.unreadable += what == entry; }
  void null(int what) override { listing.unreadable += what == entry; }

 private:
  struct mount_point {
    std::string type, name, source;
  };

  void add_container() {
    if (current_.id.empty()) {
      ++listing.unreadable;
      return;
    }
    // SizeRw is left out where it is 0; SizeRootFs beside it shows that sizes were asked for.
    if (sizes_asked_for_ && !current_.writable_bytes) current_.writable_bytes = 0;
    sort_labels(labels_);
    current_.labels = take_all(labels_);
    listing.items.push_back(std::move(current_));
  }

  void add_mount() {
    if (mount_.type == "image") {
      // Docker 28 and later: Name is the reference that was asked for, Source a path (moby daemon/volumes.go). Without
      // a name the source is better than nothing: an unknown mounted image must not look unused.
      const auto by_source = image_id_from(mount_.source);
      if (!mount_.name.empty()) current_.image_mounts.push_back(mount_.name);
      if (!by_source.empty()) current_.image_mounts.push_back(by_source);
      if (mount_.name.empty() && by_source.empty()) current_.image_mounts.push_back(mount_.source);
    } else if (!mount_.name.empty() && (mount_.type == "volume" || mount_.type.empty())) {
      current_.volumes.push_back(std::move(mount_.name));
    }
  }

  core::container current_;
  core::label_list labels_;
  mount_point mount_;
  bool sizes_asked_for_ = false;
};

}  // namespace

struct container_list_decoder::impl : reading<list_visitor> {
  impl() : reading(root) {}
};

container_list_decoder::container_list_decoder() : impl_(std::make_unique<impl>()) {}
container_list_decoder::~container_list_decoder() = default;

void container_list_decoder::feed(std::string_view piece) {
  impl_->feed(piece);
}

core::result<core::listing<core::container>> container_list_decoder::finish() {
  if (const auto whole_answer = impl_->finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (!impl_->found.is_list) return core::fail(core::failure_code::malformed, "the answer is not a list of containers");
  return std::move(impl_->found.listing);
}

core::result<core::listing<core::container>> decode_containers(std::string_view text) {
  container_list_decoder decoder;
  decoder.feed(text);
  return decoder.finish();
}

}  // namespace docksweep::engine
