// The inventory while it changes; see the header.
#include "app/live_inventory.hpp"

#include <algorithm>
#include <numeric>

namespace docksweep::app {
namespace {

constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

template <typename Item>
auto place_of(const std::vector<Item>& items, const std::string& id) {
  return std::ranges::lower_bound(items, id, {}, &Item::id);
}

template <typename Item>
std::size_t index_of(const std::vector<Item>& items, const std::string& id) {
  const auto at = place_of(items, id);
  return at != items.end() && at->id == id ? static_cast<std::size_t>(at - items.begin()) : nowhere;
}

template <typename Item>
void put(std::vector<Item>& items, Item item) {
  const auto at = place_of(items, item.id);
  items.insert(at, std::move(item));
}

// Sorts by ID through indices (the items are large), and joins entries of one ID, should an engine list one twice.
template <typename Item, typename Join>
std::vector<Item> sorted_by_id(std::vector<Item> items, Join join) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) -> const std::string& { return items[i].id; });
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (const std::uint32_t i : order) {
    if (!sorted.empty() && sorted.back().id == items[i].id) {
      join(sorted.back(), std::move(items[i]));
    } else {
      sorted.push_back(std::move(items[i]));
    }
  }
  return sorted;
}

void join_names(std::vector<std::string>& names, std::vector<std::string>&& more) {
  for (std::string& name : more) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
}

// "docker.io/library/alpine:3" and "alpine:3" are one reference; Docker's own listings use the short form.
std::string_view familiar(std::string_view reference) {
  for (const std::string_view prefix : {std::string_view("docker.io/library/"), std::string_view("docker.io/")}) {
    if (reference.starts_with(prefix)) return reference.substr(prefix.size());
  }
  return reference;
}

}  // namespace

core::inventory& live_inventory::edit() {
  if (!working_) {
    working_ = std::make_shared<core::inventory>(*current_);
    current_ = working_.get();
  }
  changed_ = true;
  return *working_;
}

void live_inventory::reset(core::engine_identity engine) {
  working_ = std::make_shared<core::inventory>();
  working_->engine = std::move(engine);
  current_ = working_.get();
  published_.reset();
  listed_ = changed_ = false;
  listing_failed();
  remembered_.clear();
  meant_.forget_everything();
}

void live_inventory::renew(core::engine_identity engine) {
  if (engine != current_->engine) edit().engine = std::move(engine);
}

void live_inventory::remember(std::vector<core::image_details> details) {
  remembered_.reserve(details.size());
  for (core::image_details& one : details) {
    auto shared = std::make_shared<const core::image_details>(std::move(one));
    remembered_[shared->id] = std::move(shared);
  }
}

void live_inventory::listing_began() {
  listing_failed();
  listing_ = true;
  meant_.listing_began();
}

void live_inventory::listing_failed() {
  listing_ = false;
  touched_images_.clear();
  touched_containers_.clear();
}

bool live_inventory::apply_listing(core::listing<core::image> images, core::listing<core::container> containers,
                                   core::instant at) {
  core::inventory next;
  next.engine = current_->engine;
  next.disk = current_->disk;
  next.unreadable = images.unreadable + containers.unreadable;
  next.complete_at = at;
  next.images = sorted_by_id(std::move(images.items), [](core::image& one, core::image&& again) {
    join_names(one.tags, std::move(again.tags));
    join_names(one.digests, std::move(again.digests));
  });
  next.containers = sorted_by_id(std::move(containers.items),
                                 [](core::container& one, core::container&& again) { one = std::move(again); });
  keep_touched(next);
  for (core::container& one : next.containers) {
    meant_.note(one, next.images);
    one.held_ids = meant_.ids_of(one.id);
  }
  meant_.listing_complete(next.containers);

  // Details go along with their image: both lists are sorted by ID.
  next.details.resize(next.images.size());
  std::size_t known = 0;
  std::size_t found = 0;
  for (std::size_t i = 0; i < next.images.size(); ++i) {
    const std::string& id = next.images[i].id;
    while (known < current_->images.size() && current_->images[known].id < id) ++known;
    if (known < current_->images.size() && current_->images[known].id == id) {
      next.details[i] = current_->details[known];
      ++found;
    }
    if (next.details[i] || remembered_.empty()) continue;
    if (const auto stored = remembered_.find(id); stored != remembered_.end()) {
      next.details[i] = std::move(stored->second);
      remembered_.erase(stored);
    }
  }
  const bool some_gone = found < current_->images.size() || !remembered_.empty();
  remembered_ = {};
  working_ = std::make_shared<core::inventory>(std::move(next));
  current_ = working_.get();
  changed_ = listed_ = true;
  listing_failed();
  return some_gone;
}

// What was looked at while the listing ran is newer than the listing, wherever in that time its snapshot lies.
void live_inventory::keep_touched(core::inventory& next) const {
  for (const std::string& id : touched_images_) {
    const core::image* const mine = find_image(id);
    const std::size_t listed = index_of(next.images, id);
    if (mine == nullptr) {
      if (listed != nowhere) next.images.erase(next.images.begin() + static_cast<std::ptrdiff_t>(listed));
      continue;
    }
    core::image kept = *mine;
    if (listed == nowhere) {
      put(next.images, std::move(kept));
    } else {
      if (!kept.size) kept.size = next.images[listed].size;
      next.images[listed] = std::move(kept);
    }
    for (core::image& other : next.images) {
      if (other.id == id) continue;
      std::erase_if(other.tags,
                    [&](const std::string& tag) { return std::ranges::find(mine->tags, tag) != mine->tags.end(); });
    }
  }
  for (const std::string& id : touched_containers_) {
    const core::container* const mine = find_container(id);
    const std::size_t listed = index_of(next.containers, id);
    if (listed != nowhere) next.containers.erase(next.containers.begin() + static_cast<std::ptrdiff_t>(listed));
    if (mine != nullptr) put(next.containers, *mine);
  }
}

live_inventory::image_change live_inventory::apply_image(core::image fresh) {
  image_change change;
  if (listing_) touched_images_.insert(fresh.id);
  const std::size_t at = index_of(current_->images, fresh.id);
  if (at != nowhere) {
    const core::image& known = current_->images[at];
    if (!fresh.size) fresh.size = known.size;
    if (!fresh.shared_size) fresh.shared_size = known.shared_size;
    if (!fresh.created) fresh.created = known.created;
    if (fresh.parent_id.empty()) fresh.parent_id = known.parent_id;
  }
  change.parent_missing = !fresh.parent_id.empty() && index_of(current_->images, fresh.parent_id) == nowhere;
  change.changed = at == nowhere || current_->images[at] != fresh;
  if (!change.changed) {
    change.needs_details = lacks_details(at);
    return change;
  }
  core::inventory& inventory = edit();
  take_tags(fresh, change.losers);
  if (at != nowhere) {
    inventory.images[at] = std::move(fresh);
    change.needs_details = lacks_details(at);
    note_names();
    return change;
  }
  const auto place = place_of(inventory.images, fresh.id) - inventory.images.begin();
  inventory.images.insert(inventory.images.begin() + place, std::move(fresh));
  inventory.details.insert(inventory.details.begin() + place, nullptr);
  change.needs_details = true;
  note_names();
  return change;
}

// A name may mean an image only from now on (the container became known first): noted before the name moves on.
void live_inventory::note_names() {
  if (!meant_.learning()) return;
  for (std::size_t i = 0; i < current_->containers.size(); ++i) {
    if (!meant_.note(current_->containers[i], current_->images)) continue;
    core::container& one = edit().containers[i];
    one.held_ids = meant_.ids_of(one.id);
  }
}

void live_inventory::take_tags(const core::image& owner, std::vector<std::string>& losers) {
  for (core::image& other : edit().images) {
    if (other.id == owner.id) continue;
    const auto taken = std::erase_if(
        other.tags, [&](const std::string& tag) { return std::ranges::find(owner.tags, tag) != owner.tags.end(); });
    if (taken == 0) continue;
    losers.push_back(other.id);
    if (listing_) touched_images_.insert(other.id);
  }
}

bool live_inventory::remove_image(const std::string& id) {
  if (listing_) touched_images_.insert(id);
  const std::size_t at = index_of(current_->images, id);
  if (at == nowhere) return false;
  core::inventory& inventory = edit();
  inventory.images.erase(inventory.images.begin() + static_cast<std::ptrdiff_t>(at));
  inventory.details.erase(inventory.details.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

std::string live_inventory::holder_of(std::string_view reference) const {
  const std::string_view wanted = familiar(reference);
  const auto same = [&](const std::string& name) { return familiar(name) == wanted; };
  for (const core::image& image : current_->images) {
    if (std::ranges::any_of(image.tags, same) || std::ranges::any_of(image.digests, same)) return image.id;
  }
  return {};
}

bool live_inventory::apply_container(core::container fresh) {
  if (listing_) touched_containers_.insert(fresh.id);
  meant_.note(fresh, current_->images);
  fresh.held_ids = meant_.ids_of(fresh.id);
  const std::size_t at = index_of(current_->containers, fresh.id);
  if (at != nowhere && current_->containers[at] == fresh) return false;
  core::inventory& inventory = edit();
  if (at != nowhere) {
    inventory.containers[at] = std::move(fresh);
  } else {
    put(inventory.containers, std::move(fresh));
  }
  return true;
}

bool live_inventory::remove_container(const std::string& id) {
  if (listing_) touched_containers_.insert(id);
  meant_.forget(id);
  const std::size_t at = index_of(current_->containers, id);
  if (at == nowhere) return false;
  core::inventory& inventory = edit();
  inventory.containers.erase(inventory.containers.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

const core::image* live_inventory::find_image(const std::string& id) const {
  const std::size_t at = index_of(current_->images, id);
  return at == nowhere ? nullptr : &current_->images[at];
}

const core::container* live_inventory::find_container(const std::string& id) const {
  const std::size_t at = index_of(current_->containers, id);
  return at == nowhere ? nullptr : &current_->containers[at];
}

bool live_inventory::apply_details(details_pointer details) {
  const std::size_t at = index_of(current_->images, details->id);
  if (at == nowhere) return false;
  edit().details[at] = std::move(details);
  return true;
}

bool live_inventory::lacks_details(std::size_t index) const {
  const core::image& image = current_->images[index];
  const auto& details = current_->details[index];
  if (!details) return true;
  // On the containerd store an image grows when further blobs of it are pulled or unpacked. Elsewhere another driver
  // stores it now, and its layers have other sizes too.
  return image.size && details->listed_size != image.size;
}

bool live_inventory::lacks_details(const std::string& id) const {
  const std::size_t at = index_of(current_->images, id);
  return at != nowhere && lacks_details(at);
}

std::vector<std::string> live_inventory::lacking_details() const {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < current_->images.size(); ++i) {
    if (lacks_details(i)) ids.push_back(current_->images[i].id);
  }
  return ids;
}

void live_inventory::apply_disk(core::disk_usage disk) {
  edit().disk = std::move(disk);
}

std::shared_ptr<const core::view> live_inventory::publish() {
  if (working_) {
    published_ = std::make_shared<const core::view>(std::move(*working_), published_.get());
    working_.reset();
    current_ = &published_->what();
  }
  changed_ = false;
  return published_;
}

}  // namespace docksweep::app
