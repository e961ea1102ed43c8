// What is noticed, and what was removed by docksweep itself; regrets_judge.cpp draws the conclusions.
#include "app/regrets.hpp"

#include <algorithm>
#include <utility>

#include "core/held_names.hpp"
#include "core/pattern.hpp"

namespace docksweep::app {
namespace {

bool has_image(const core::view& node, const std::string& id) {
  return std::ranges::binary_search(node.what().images, id, {}, &core::image::id);
}

std::unordered_set<std::string> names_in(const core::view* node) {
  std::unordered_set<std::string> names;
  if (node == nullptr) return names;
  for (const core::image& one : node->what().images) {
    for (const std::string& tag : one.tags) names.insert(core::canonical_reference(tag));
  }
  return names;
}

}  // namespace

regrets::regrets(history& memory, sweep_telemetry& counts, log_sink& log, regret_options options)
    : memory_(memory), counts_(counts), log_(log), options_(options) {}

void regrets::follow(std::string engine_id) {
  ++generation_;
  engine_id_ = std::move(engine_id);
  node_.reset();
  complete_.reset();
  waiting_ = {};
  own_.clear();
  policies_.clear();
  learned_until_.reset();
  due_ = steady_moment::max();
}

void regrets::waiting::merge(waiting& earlier) {
  vanished.merge(earlier.vanished);
  returned.merge(earlier.returned);
  pulled.merge(earlier.pulled);
  wanted.merge(earlier.wanted);
}

void regrets::wait_to_judge() {
  if (due_ == steady_moment::max()) due_ = std::chrono::steady_clock::now() + options_.settle;
}

void regrets::on_view(std::shared_ptr<const core::view> node, const core::use_book& usage, core::instant now) {
  node_ = std::move(node);
  now_ = now;
  const core::inventory& what = node_->what();
  for (std::size_t i = 0; i < what.images.size(); ++i) {
    const std::string& id = what.images[i].id;
    const core::use_record* const known = usage.find(id);
    if (known == nullptr) {
      if (waiting_.returned.size() < options_.at_most) waiting_.returned.insert_or_assign(id, now);
    } else if (!known->in_use && node_->states()[i] == core::image_state::in_use) {
      wanted(id, now);
    }
  }
  // Only between two complete views: an image that could not be read is not gone.
  if (complete_ != nullptr && what.unreadable == 0) {
    const auto& old = complete_->what().images;
    auto at = what.images.begin();
    for (std::size_t i = 0; i < old.size(); ++i) {
      while (at != what.images.end() && at->id < old[i].id) ++at;
      if (at == what.images.end() || at->id != old[i].id) add_vanished(*complete_, i, usage, now);
    }
  }
  if (what.unreadable == 0) complete_ = node_;
  if (!waiting_.empty()) wait_to_judge();
}

void regrets::add_vanished(const core::view& before, std::size_t index, const core::use_book& usage,
                           core::instant now) {
  if (waiting_.vanished.size() >= options_.at_most) return;
  const core::image& image = before.what().images[index];
  vanished_image gone;
  gone.parent = image.parent_id;
  gone.named = !image.tags.empty() || !image.digests.empty();
  core::removal_record& record = gone.record;
  record.kind = core::target_kind::image;
  record.object_id = image.id;
  record.references = image.tags;
  record.digests = image.digests;
  if (const auto& details = before.what().details[index]) {
    record.layers = details->chain_ids;
    record.platform = details->platform;
  }
  if (const auto* const used = usage.find(image.id)) record.origin = used->origin;
  record.at = now;
  record.outcome = core::removal_outcome::foreign;
  waiting_.vanished.insert_or_assign(image.id, std::move(gone));
}

void regrets::pulled(const std::string& reference, core::instant at) {
  now_ = std::max(now_, at);
  if (waiting_.pulled.size() >= options_.at_most) return;
  for (const std::string& name : core::held_names(reference)) {
    waiting_.pulled.insert_or_assign(core::canonical_reference(name), at);
  }
  wait_to_judge();
}

void regrets::wanted(const std::string& image_id, core::instant at) {
  now_ = std::max(now_, at);
  if (waiting_.wanted.size() >= options_.at_most) return;
  waiting_.wanted.insert_or_assign(image_id, at);
  wait_to_judge();
}

void regrets::clock_jumped(core::duration by) {
  now_ += by;
  if (learned_until_) *learned_until_ += by;
  for (auto& [id, removal] : own_) removal.record.at += by;
  for (auto& [id, gone] : waiting_.vanished) gone.record.at += by;
  for (auto* const moments : {&waiting_.returned, &waiting_.pulled, &waiting_.wanted}) {
    for (auto& [key, at] : *moments) at += by;
  }
}

task<core::result<void>> regrets::learn_removals(const waiting& batch) {
  const bool first = !learned_until_;
  const auto now = now_;
  const auto since = first ? now - options_.within : *learned_until_ - options_.ours_within;
  const auto generation = generation_;
  auto asking = memory_.removed_since(engine_id_, since);
  auto removals = co_await std::move(asking);
  if (!removals) co_return std::unexpected(removals.error());
  if (generation != generation_) co_return core::result<void>();
  std::unordered_set<std::string> names;
  if (first) names = names_in(node_.get());
  for (core::removal_record& one : *removals) {
    const bool already_back = first && is_back(one, names, batch);
    learn(std::move(one), already_back);
  }
  learned_until_ = now;
  std::erase_if(own_, [&](const auto& entry) { return entry.second.record.at < now - options_.within; });
  co_return core::result<void>();
}

void regrets::learn(core::removal_record record, bool already_back) {
  record.layers = {};
  const auto id = record.id;
  own_removal& known = own_[id];
  known.record = std::move(record);
  known.counted = known.counted || already_back;
}

// At the start: what is there again, and did not come just now, came before the agent began: it was told then.
bool regrets::is_back(const core::removal_record& record, const std::unordered_set<std::string>& names,
                      const waiting& batch) const {
  if (node_ == nullptr || batch.returned.contains(record.object_id)) return false;
  if (has_image(*node_, record.object_id)) return true;
  return std::ranges::any_of(record.references, [&](const std::string& reference) {
    const auto canonical = core::canonical_reference(reference);
    return !batch.pulled.contains(canonical) && names.contains(canonical);
  });
}

}  // namespace docksweep::app
