#include "core/usage.hpp"

#include <algorithm>
#include <utility>

#include "core/view.hpp"

namespace docksweep::core {
namespace {

// What is known of an origin stays, but a registry that had the image is a fact that later events do not undo.
image_origin better_origin(image_origin known, image_origin told) {
  if (told == image_origin::unknown || known == image_origin::pulled) return known;
  return told;
}

}  // namespace

std::string_view to_string(image_origin origin) {
  switch (origin) {
    case image_origin::unknown:
      break;
    case image_origin::pulled:
      return "pulled";
    case image_origin::built:
      return "built";
    case image_origin::loaded:
      return "loaded";
  }
  return "unknown";
}

void use_book::load(std::vector<use_record> kept, instant now) {
  records_.clear();
  changed_.clear();
  gone_.clear();
  records_.reserve(kept.size());
  for (use_record& one : kept) {
    const use_record before = one;
    if (one.in_use) one.last_used = now;
    one.last_used = std::min(one.last_used, now);
    one.first_seen = std::min(one.first_seen, now);
    one.last_used = std::max(one.last_used, one.first_seen);
    const bool corrected = one.first_seen != before.first_seen || (!one.in_use && one.last_used != before.last_used);
    if (corrected) changed_.insert(one.id);
    std::string id = one.id;
    records_.insert_or_assign(std::move(id), std::move(one));
  }
}

void use_book::look_at_images(const view& node, instant now) {
  const inventory& what = node.what();
  for (std::size_t i = 0; i < what.images.size(); ++i) {
    look_at(what.images[i].id, node.states()[i] == image_state::in_use, what.unreadable > 0, now);
  }
  // All of them are in the book now: it has more exactly when some are gone.
  if (what.unreadable > 0 || records_.size() == what.images.size()) return;
  strike_out([&](const use_record& one) { return !std::ranges::binary_search(what.images, one.id, {}, &image::id); });
}

void use_book::look_at_volumes(const view& node, instant now) {
  const inventory& what = node.what();
  std::unordered_set<std::string_view> held;
  std::unordered_set<std::string_view> there;
  for (const container& one : what.containers) held.insert(one.volumes.begin(), one.volumes.end());
  if (what.disk) {
    for (const volume& one : what.disk->volumes) {
      there.insert(one.name);
      if (one.references.value_or(0) > 0) held.insert(one.name);
    }
  }
  const bool partial = what.unreadable > 0;
  for (const std::string_view name : there) look_at(name, held.contains(name), partial, now);
  for (const std::string_view name : held) {
    if (!there.contains(name)) look_at(name, true, partial, now);
  }
  // Those that a container held until now and that no disk usage shows (yet).
  for (auto& [name, record] : records_) {
    if (record.in_use && !held.contains(name) && !there.contains(name)) look_at(name, false, partial, now);
  }
  if (!what.disk || partial) return;
  // Disk usage is measured rarely: it says nothing about a volume that was seen after it.
  strike_out([&](const use_record& one) {
    return !one.in_use && !there.contains(one.id) && one.last_used < what.disk->made_at;
  });
}

void use_book::look_at(std::string_view id, bool held, bool partial, instant now) {
  auto found = records_.find(id);
  if (found == records_.end()) {
    found = enter(id, now);
    found->second.in_use = held;
    return;
  }
  use_record& record = found->second;
  // In a partial view, the container that held it may be the one that could not be read.
  const bool still = held || (partial && record.in_use);
  if (!still && !record.in_use) return;
  // In use now, or until some moment since the last look.
  record.last_used = std::max(record.last_used, now);
  if (still == record.in_use) return;
  record.in_use = still;
  changed_.insert(record.id);
}

use_book::records::iterator use_book::enter(std::string_view id, instant now) {
  use_record fresh;
  fresh.id = id;
  fresh.first_seen = fresh.last_used = now;
  gone_.erase(fresh.id);
  changed_.insert(fresh.id);
  return records_.emplace(fresh.id, fresh).first;
}

template <typename Condition>
void use_book::strike_out(Condition is_gone) {
  std::erase_if(records_, [&](const auto& entry) {
    if (!is_gone(entry.second)) return false;
    changed_.erase(entry.first);
    gone_.insert(entry.first);
    return true;
  });
}

void use_book::use(std::string_view id, instant now, image_origin how) {
  auto found = records_.find(id);
  if (found == records_.end()) found = enter(id, now);
  use_record& record = found->second;
  const use_record before = record;
  record.last_used = std::max(record.last_used, now);
  record.origin = better_origin(record.origin, how);
  if (record != before) changed_.insert(record.id);
}

void use_book::clock_jumped(duration by) {
  for (auto& [id, record] : records_) {
    record.first_seen += by;
    record.last_used += by;
    changed_.insert(id);
  }
}

const use_record* use_book::find(std::string_view id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

std::optional<instant> use_book::oldest_use() const {
  std::optional<instant> idle;
  std::optional<instant> held;
  for (const auto& [id, record] : records_) {
    auto& oldest = record.in_use ? held : idle;
    if (!oldest || record.last_used < *oldest) oldest = record.last_used;
  }
  return idle ? idle : held;
}

use_book::changes use_book::take_changes() {
  changes all;
  all.records.reserve(changed_.size());
  for (const std::string& id : changed_) all.records.push_back(records_.at(id));
  all.gone.assign(gone_.begin(), gone_.end());
  std::ranges::sort(all.records, {}, &use_record::id);
  std::ranges::sort(all.gone);
  changed_.clear();
  gone_.clear();
  return all;
}

void use_book::put_back(const changes& unsaved) {
  for (const use_record& one : unsaved.records) {
    if (records_.contains(one.id)) {
      changed_.insert(one.id);
    } else {
      gone_.insert(one.id);
    }
  }
  for (const std::string& id : unsaved.gone) {
    if (!records_.contains(id)) gone_.insert(id);
  }
}

}  // namespace docksweep::core
