// Image listings, inspects and histories.
#include "engine/decode/images.hpp"

#include <algorithm>
#include <array>

#include "engine/decode/reading.hpp"
#include "engine/decode/values.hpp"
#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

enum field { list, entry, id, parent, tags, tag, digests, digest, created, labels, label, size, shared_size };

constexpr std::array tag_shape{shape{element, tag, {}}};
constexpr std::array digest_shape{shape{element, digest, {}}};
constexpr std::array label_shape{shape{any_key, label, {}}};
constexpr std::array image_shape{shape{"Id", id, {}},
                                 shape{"ParentId", parent, {}},
                                 shape{"RepoTags", tags, tag_shape},
                                 shape{"RepoDigests", digests, digest_shape},
                                 shape{"Created", created, {}},
                                 shape{"Labels", labels, label_shape},
                                 shape{"Size", size, {}},
                                 shape{"SharedSize", shared_size, {}}};
constexpr std::array list_shape{shape{element, entry, image_shape}};
constexpr shape root{"", list, list_shape};

class list_visitor final : public visitor {
 public:
  core::listing<core::image> listing;
  bool is_list = false;

  void begin_array(int what) override { is_list = is_list || what == list; }
  void begin_object(int what) override {
    if (what != entry) return;
    current_ = {};
    tags_.clear();
    digests_.clear();
    labels_.clear();
  }
  void end(int what) override {
    if (what != entry) return;
    if (current_.id.empty()) {
      ++listing.unreadable;
      return;
    }
    sort_labels(labels_);
    current_.tags = take_all(tags_);
    current_.digests = take_all(digests_);
    current_.labels = take_all(labels_);
    listing.items.push_back(std::move(current_));
  }
  void text(int what, std::string_view key, std::string_view value) override {
    switch (what) {
      case entry:
        ++listing.unreadable;
        break;
      case id:
        current_.id = image_id_from(value);
        break;
      case parent:
        current_.parent_id = image_id_from(value);
        break;
      case tag:
      case digest:
        add_image_name(tags_, digests_, value);
        break;
      case label:
        labels_.emplace_back(key, value);
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
      case size:
        current_.size = size_from(value);
        break;
      case shared_size:
        current_.shared_size = size_from(value);
        break;
      default:
        break;
    }
  }
  void boolean(int what, bool) override { listing.unreadable += what == entry; }
  void null(int what) override { listing.unreadable += what == entry; }

 private:
  core::image current_;
  std::vector<std::string> tags_, digests_;
  core::label_list labels_;
};

}  // namespace

struct image_list_decoder::impl : reading<list_visitor> {
  impl() : reading(root) {}
};

image_list_decoder::image_list_decoder(std::size_t expected) : impl_(std::make_unique<impl>()) {
  impl_->found.listing.items.reserve(expected);
}
image_list_decoder::~image_list_decoder() = default;

void image_list_decoder::feed(std::string_view piece) {
  impl_->feed(piece);
}

core::result<core::listing<core::image>> image_list_decoder::finish() {
  if (const auto whole_answer = impl_->finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (!impl_->found.is_list) return core::fail(core::failure_code::malformed, "the answer is not a list of images");
  return std::move(impl_->found.listing);
}

core::result<core::listing<core::image>> decode_images(std::string_view text) {
  image_list_decoder decoder;
  decoder.feed(text);
  return decoder.finish();
}

namespace {

enum inspect_field {
  whole = 100,
  config,
  root_fs,
  layers,
  layer,
  inspect_parent,
  inspect_created,
  os,
  architecture,
  variant
};

constexpr std::array config_shape{shape{"Labels", labels, label_shape}};
constexpr std::array layer_shape{shape{element, layer, {}}};
constexpr std::array root_fs_shape{shape{"Layers", layers, layer_shape}};
constexpr std::array inspect_shape{shape{"Id", id, {}},
                                   shape{"Parent", inspect_parent, {}},
                                   shape{"RepoTags", tags, tag_shape},
                                   shape{"RepoDigests", digests, digest_shape},
                                   shape{"Created", inspect_created, {}},
                                   shape{"Config", config, config_shape},
                                   shape{"RootFS", root_fs, root_fs_shape},
                                   shape{"Size", size, {}},
                                   shape{"Os", os, {}},
                                   shape{"Architecture", architecture, {}},
                                   shape{"Variant", variant, {}}};
constexpr shape inspect_root{"", whole, inspect_shape};

class inspect_visitor final : public visitor {
 public:
  inspected_image found;
  std::string os_name, architecture_name, variant_name;

  void text(int what, std::string_view key, std::string_view value) override {
    auto& image = found.image;
    switch (what) {
      case id:
        image.id = image_id_from(value);
        break;
      case inspect_parent:
        image.parent_id = image_id_from(value);
        break;
      case tag:
      case digest:
        add_image_name(image.tags, image.digests, value);
        break;
      case inspect_created:
        image.created = time_from(value);
        break;
      case label:
        image.labels.emplace_back(key, value);
        break;
      case layer:
        found.details.diff_ids.emplace_back(value);
        break;
      case os:
        os_name = value;
        break;
      case architecture:
        architecture_name = value;
        break;
      case variant:
        variant_name = value;
        break;
      default:
        break;
    }
  }
  void number(int what, std::int64_t value) override {
    if (what == size) found.image.size = size_from(value);
  }
};

enum history_field { history_list = 200, history_entry, history_size };
constexpr std::array history_entry_shape{shape{"Size", history_size, {}}};
constexpr std::array history_shape{shape{element, history_entry, history_entry_shape}};
constexpr shape history_root{"", history_list, history_shape};

class history_visitor final : public visitor {
 public:
  image_history found;
  bool is_list = false;

  void begin_array(int what) override { is_list = is_list || what == history_list; }
  void begin_object(int what) override { found.any = found.any || what == history_entry; }
  void text(int, std::string_view, std::string_view) override {}
  void number(int what, std::int64_t value) override {
    if (what == history_size && value > 0) found.sizes.push_back(value);
  }
  void null(int what) override { is_list = is_list || what == history_list; }  // an image without any history
};

}  // namespace

core::result<inspected_image> decode_image_inspect(std::string_view text) {
  inspect_visitor visit;
  const auto walked = walk(inspect_root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  auto& found = visit.found;
  if (found.image.id.empty())
    return core::fail(core::failure_code::malformed, "the answer describes no image: it has no ID");
  sort_labels(found.image.labels);
  found.details.id = found.image.id;
  found.details.content_size = found.image.size;
  if (!visit.os_name.empty() && !visit.architecture_name.empty()) {
    found.details.platform = visit.os_name + "/" + visit.architecture_name;
    if (!visit.variant_name.empty()) found.details.platform += "/" + visit.variant_name;
  }
  return std::move(found);
}

core::result<image_history> decode_image_history(std::string_view text) {
  history_visitor visit;
  const auto walked = walk(history_root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  if (!visit.is_list) return core::fail(core::failure_code::malformed, "the answer is not a history of an image");
  std::reverse(visit.found.sizes.begin(), visit.found.sizes.end());
  return std::move(visit.found);
}

}  // namespace docksweep::engine
