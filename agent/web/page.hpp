// The node's own page: what fills the disk, every image with its verdict, layers that images share, what policies would
// do, and what sweeps did. Plain HTML and CSS that work without a script; a small script makes sorting and filtering
// quicker. Nothing from elsewhere; light or dark as the reader's system is; for phones, keyboards and screen readers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/history.hpp"
#include "core/plan.hpp"
#include "core/view.hpp"
#include "web/page_request.hpp"

namespace docksweep::web {

struct page_disk {
  core::file_system space;
  std::optional<core::byte_count> unaccounted;  // used there, but by nothing that the engine counts
  bool holds_images = false;                    // images, writable layers and build cache are on it
  bool holds_root = false;                      // the engine's root is: volumes
};

struct page_image {
  std::string id;
  std::vector<std::string> names;  // its tags, else its digests
  std::optional<core::byte_count> size;
  core::byte_range alone;  // what removing this image alone frees
  core::image_state state = core::image_state::unused;
  std::optional<core::instant> last_used;
  bool goes = false;                // the plan removes it
  std::optional<core::reason> why;  // that it goes or stays; nullopt: no plan says
  std::string rule;                 // the key and value that decided
  std::optional<core::instant> eligible_at;
};

struct page_layer {
  core::byte_count bytes = 0;   // at least
  std::uint32_t holders = 1;    // images of the node that hold it
  std::uint32_t shared_as = 0;  // from 1: the same number is the same layer in several of the images shown; 0: in one
};

// One of the largest images with its layers, lowest first.
struct page_layers {
  std::string name;
  std::optional<core::byte_count> size;
  std::vector<page_layer> layers;
};

// What the engine holds, from one view, and what one plan says about it.
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
  std::vector<page_image> all;       // in order of ID
  std::vector<page_layers> largest;  // by size
};

struct page_policy {
  std::string name;  // empty: everything unused, where no policy is configured
  bool observes = false;
  std::shared_ptr<const core::plan> plan;  // null: none could be made yet
  std::optional<core::instant> next_run;
};

struct page_history {
  std::string problem;                         // why it could not be read; empty: it was
  std::vector<core::sweep_record> sweeps;      // newest first
  std::vector<core::removal_record> removals;  // of these, and by others
};

struct page_figures {
  std::string host;     // this machine's name
  std::string version;  // docksweep's
  bool enforcing = false;
  core::instant now{};
  bool engine_up = false;
  bool engine_absent = false;             // none was ever found
  std::string engine_problem;             // why it is not up
  std::shared_ptr<const page_node> node;  // null: no view
  std::vector<page_disk> disks;
  std::vector<page_policy> policies;
  std::string shown_policy;  // whose verdicts the images have
  std::optional<core::pause_state> paused;
  page_history history;
};

// The figures of a view. `what_goes`: the plan whose verdicts are shown, or null; `usage`: or null. Linear in the
// images and layers of the node: make it once for a view.
page_node figures_of(const core::view& view, const core::plan* what_goes, const core::use_book* usage,
                     std::size_t most_layers = 12);

// A complete HTML document.
std::string render_page(const page_figures& figures, const page_request& asked);

// The Content-Security-Policy for it: nothing but its own style and script, known by hash, and requests to itself.
const std::string& page_security_policy();

}  // namespace docksweep::web
