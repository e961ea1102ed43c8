// The inventory while it changes: listings, single objects, details and disk usage are applied here, and a view is made
// of it when somebody is to see it. Copies on the first change after a view was made; what did not change (details) is
// shared. One thread only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/held_memory.hpp"
#include "core/inventory.hpp"
#include "core/view.hpp"

namespace docksweep::app {

class live_inventory {
 public:
  using details_pointer = std::shared_ptr<const core::image_details>;

  // Another engine, or other storage: forgets everything.
  void reset(core::engine_identity engine);
  // The same engine again, perhaps upgraded.
  void renew(core::engine_identity engine);
  // Details from the store, attached to the images of the next listing; the rest is forgotten then.
  void remember(std::vector<core::image_details> details);

  const core::inventory& now() const { return *current_; }
  bool listed() const { return listed_; }    // a complete listing was applied
  bool changed() const { return changed_; }  // since the last view

  // From here until apply_listing or listing_failed, what is applied below counts as newer than the listing.
  void listing_began();
  void listing_failed();
  // Takes the place of everything but what was touched meanwhile. Returns whether an image that was known is gone.
  bool apply_listing(core::listing<core::image> images, core::listing<core::container> containers, core::instant at);

  struct image_change {
    bool changed = false;
    bool needs_details = false;
    bool parent_missing = false;      // it has a parent that is not in view
    std::vector<std::string> losers;  // IDs of images that a tag of this one was taken from
  };
  // A tag belongs to one image: other images lose the tags of this one. A size that is not known anew stays.
  image_change apply_image(core::image fresh);
  bool remove_image(const std::string& id);
  // The image that holds this reference (tag or digest) in view; empty: none.
  std::string holder_of(std::string_view reference) const;

  bool apply_container(core::container fresh);
  bool remove_container(const std::string& id);
  const core::container* find_container(const std::string& id) const;
  const core::image* find_image(const std::string& id) const;

  // False: no such image any more.
  bool apply_details(details_pointer details);
  // IDs of images whose details are unknown, or were read when the image listed another size.
  std::vector<std::string> lacking_details() const;
  bool lacks_details(const std::string& id) const;
  void apply_disk(core::disk_usage disk);

  // The view of all this, for others to keep. What did not change since the last one is not derived again.
  std::shared_ptr<const core::view> publish();

 private:
  core::inventory& edit();
  bool lacks_details(std::size_t index) const;
  void take_tags(const core::image& owner, std::vector<std::string>& losers);
  void keep_touched(core::inventory& next) const;
  void note_names();

  std::shared_ptr<core::inventory> working_ =
      std::make_shared<core::inventory>();  // null while a view holds the newest
  std::shared_ptr<const core::view> published_;
  const core::inventory* current_ = working_.get();
  bool listed_ = false;
  bool changed_ = false;
  bool listing_ = false;
  std::set<std::string> touched_images_;
  std::set<std::string> touched_containers_;
  std::unordered_map<std::string, details_pointer> remembered_;
  core::held_memory meant_;  // what the names meant by which containers hold images
};

}  // namespace docksweep::app
