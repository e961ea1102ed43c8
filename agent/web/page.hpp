// The landing page: the main figures of a node on one screen, in plain HTML and CSS. Needs no script and nothing from
// elsewhere; light or dark as the reader's system is; readable on a phone and by a screen reader.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/inventory.hpp"
#include "core/layers.hpp"
#include "core/view.hpp"

namespace docksweep::web {

struct page_disk {
  core::file_system space;
  std::optional<core::byte_count> unaccounted;  // used there, but by nothing that the engine counts
};

struct page_image {
  std::string name;  // its first tag or digest, else a short ID
  std::size_t more_names = 0;
  std::string id;  // short
  std::optional<core::byte_count> size;
  core::byte_range alone;  // what removing this image alone frees
  core::image_state state = core::image_state::unused;
};

// What the engine holds, from one view.
struct page_node {
  core::engine_identity engine;
  core::instant complete_at{};
  std::array<std::int64_t, core::all_image_states.size()> images{};           // by state
  std::array<core::byte_count, core::all_image_states.size()> image_bytes{};  // by state
  bool exact = false;                                                         // image bytes are exact on this engine
  core::byte_range reclaimable, dangling_reclaimable;
  std::array<std::int64_t, core::all_container_states.size()> containers{};  // by state
  std::optional<core::disk_usage> disk;                                      // without the lists
  std::int64_t volumes = 0;
  std::int64_t unreferenced_volumes = 0;
  std::vector<page_image> largest;
  std::int64_t images_left_out = 0;  // of `largest`
};

struct page_figures {
  std::string host;     // this machine's name
  std::string version;  // docksweep's
  bool enforcing = false;
  core::instant now{};
  bool engine_up = false;
  bool engine_absent = false;     // none was ever found
  std::string engine_problem;     // why it is not up
  std::optional<page_node> node;  // null: no view
  std::vector<page_disk> disks;
};

// The figures of a view; the largest images by size, `most_images` of them.
page_node figures_of(const core::view& view, std::size_t most_images = 12);

// A complete HTML document.
std::string render_page(const page_figures& figures);

// The Content-Security-Policy for it: nothing but its own style, known by hash.
const std::string& page_security_policy();

}  // namespace docksweep::web
