// Loading and saving the books of use: in batches, with nothing lost when the store fails or another engine comes.
#include <algorithm>
#include <utility>

#include "app/usage_tracker_impl.hpp"

namespace docksweep::app {
namespace {

constexpr std::size_t most_left_over = 4;  // engines followed before whose changes are not saved

}  // namespace

task<void> usage_tracker::impl::load() {
  const std::string engine = engine_id_;
  // Nothing is read of which something newer is here.
  auto saving = save_everything();
  const auto saved = co_await std::move(saving);
  if (!saved && std::ranges::any_of(left_over_, [&](const batch& one) { return one.engine_id == engine; })) {
    load_failed(saved.error());
    co_return;
  }
  auto asking_images = memory_.load_image_use(engine);
  auto images = co_await std::move(asking_images);
  auto asking_volumes = memory_.load_volume_use(engine);
  auto volumes = co_await std::move(asking_volumes);
  auto asking_mark = memory_.load_clock_mark();
  const auto mark = co_await std::move(asking_mark);
  if (engine != engine_id_) co_return;
  if (!images) {
    load_failed(images.error());
  } else if (!volumes) {
    load_failed(volumes.error());
  } else if (!mark) {
    load_failed(mark.error());
  } else {
    loaded(std::move(*images), std::move(*volumes), *mark);
  }
}

void usage_tracker::impl::loaded(std::vector<core::use_record> images, std::vector<core::use_record> volumes,
                                 const std::optional<history::clock_mark>& mark) {
  // A jump since this process began is part of the one since the mark: it has to be out of the way first.
  look_at_clock();
  const auto jump = mark ? clock_.since(*mark) : std::nullopt;
  for (auto* const kept : {&images, &volumes}) {
    for (core::use_record& one : *kept) {
      one.first_seen += jump.value_or(core::duration(0));
      one.last_used += jump.value_or(core::duration(0));
    }
  }
  const auto now = clock_.wall();
  usage_.images.load(std::move(images), now);
  usage_.volumes.load(std::move(volumes), now);
  ready_ = true;
  mark_due_ = true;
  load_retry_.reset();
  last_problem_.clear();
  if (jump) {
    // They were moved already; all of them are to be saved.
    usage_.images.clock_jumped(core::duration(0));
    usage_.volumes.clock_jumped(core::duration(0));
    tell_jump(*jump, "while no agent ran");
  }
  ++revision_;
  if (const auto node = node_) see(node);
  ask_save();
  log_.log(log_level::info, "usage_loaded",
           {{"engine_id", engine_id_},
            {"images", std::to_string(usage_.images.size())},
            {"volumes", std::to_string(usage_.volumes.size())}});
}

void usage_tracker::impl::load_failed(const core::failure& why) {
  storage_failed("usage_not_loaded", why, "retry; until then nothing is planned");
  load_due_ = monotonic::now() + load_retry_.next();
}

void usage_tracker::impl::storage_failed(std::string_view event, const core::failure& why, std::string next) {
  if (why.message == last_problem_) return;
  last_problem_ = why.message;
  log_.log(log_level::error, event, {{"error", why.message}, {"next", std::move(next)}});
}

void usage_tracker::impl::ask_save() {
  if (save_due_ == monotonic::time_point::max()) save_due_ = monotonic::now() + options_.save_every;
}

task<void> usage_tracker::impl::save() {
  save_due_ = monotonic::time_point::max();
  auto saving = save_everything();
  const auto saved = co_await std::move(saving);
  if (saved) {
    save_retry_.reset();
    if (ready_) last_problem_.clear();
    co_return;
  }
  storage_failed("usage_not_saved", saved.error(), "retry");
  save_due_ = monotonic::now() + save_retry_.next();
}

task<core::result<void>> usage_tracker::impl::save_everything() {
  if (in_hand_) put_back();
  while (!left_over_.empty()) {
    in_hand_ = std::move(left_over_.front());
    left_over_.pop_front();
    auto saving = save_in_hand();
    auto saved = co_await std::move(saving);
    if (!saved) co_return saved;
  }
  if (!ready_) co_return core::result<void>();
  if (mark_due_ && mark_first_) {
    auto marking = save_mark();
    auto saved = co_await std::move(marking);
    if (!saved) co_return saved;
  }
  if (batch changes = take_changes(); !changes.empty()) {
    in_hand_ = std::move(changes);
    auto saving = save_in_hand();
    auto saved = co_await std::move(saving);
    if (!saved) co_return saved;
  }
  if (!mark_due_ || !ready_) co_return core::result<void>();
  auto marking = save_mark();
  auto saved = co_await std::move(marking);
  co_return saved;
}

task<core::result<void>> usage_tracker::impl::save_in_hand() {
  if (!in_hand_->images.empty()) {
    auto saving = memory_.save_image_use(in_hand_->engine_id, in_hand_->images);
    auto saved = co_await std::move(saving);
    if (!saved) {
      put_back();
      co_return saved;
    }
    in_hand_->images = {};
  }
  if (!in_hand_->volumes.empty()) {
    auto saving = memory_.save_volume_use(in_hand_->engine_id, in_hand_->volumes);
    auto saved = co_await std::move(saving);
    if (!saved) {
      put_back();
      co_return saved;
    }
  }
  in_hand_.reset();
  co_return core::result<void>();
}

task<core::result<void>> usage_tracker::impl::save_mark() {
  mark_due_ = mark_first_ = false;
  auto saving = memory_.save_clock_mark(clock_.mark());
  auto saved = co_await std::move(saving);
  if (!saved) mark_due_ = true;
  co_return saved;
}

usage_tracker::impl::batch usage_tracker::impl::take_changes() {
  return {engine_id_, usage_.images.take_changes(), usage_.volumes.take_changes()};
}

// What was being saved did not get there.
void usage_tracker::impl::put_back() {
  batch unsaved = std::move(*in_hand_);
  in_hand_.reset();
  if (unsaved.engine_id == engine_id_ && ready_) {
    usage_.images.put_back(unsaved.images);
    usage_.volumes.put_back(unsaved.volumes);
    ask_save();
  } else {
    // Before what is newer of the same engine.
    left_over_.push_front(std::move(unsaved));
  }
}

// Another engine is about to be followed.
void usage_tracker::impl::keep_for_later() {
  if (!ready_) return;
  if (batch changes = take_changes(); !changes.empty()) left_over_.push_back(std::move(changes));
  if (left_over_.size() > most_left_over) left_over_.pop_front();
  ask_save();
}

task<void> usage_tracker::impl::flush() {
  look_at_clock();
  if (ready_) apply_marks();
  mark_due_ = true;
  auto saving = save_everything();
  const auto saved = co_await std::move(saving);
  if (!saved)
    storage_failed("usage_not_saved", saved.error(), "what was used meanwhile counts as used at the next start");
}

}  // namespace docksweep::app
