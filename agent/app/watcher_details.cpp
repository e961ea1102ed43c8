// What is read beside the listings: details of images (once per ID, kept in the store) and the engine's disk usage.
#include <algorithm>

#include "app/watcher_impl.hpp"

namespace docksweep::app {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t read_together = 32;      // then newly asked ones get their turn
constexpr std::size_t save_together = 64;      // one transaction
constexpr std::size_t unsaved_at_most = 4096;  // beyond it they are read again after the next start
constexpr milliseconds gone_patience{5000};
constexpr milliseconds save_patience{300};
constexpr milliseconds view_patience{1000};  // while many are read, a view a second is enough
constexpr milliseconds at_once{0};

}  // namespace

// One image's details, before those that a listing asked for: its event has just come.
void watcher::impl::ask_details(std::string id) {
  const auto failed = unreadable_.find(id);
  if (failed != unreadable_.end() && monotonic::now() < failed->second) return;
  if (std::ranges::find(lacking_, id) != lacking_.end()) return;
  lacking_.push_front(std::move(id));
  details_wake_.notify();
}

void watcher::impl::ask_all_details() {
  const auto now = monotonic::now();
  std::erase_if(unreadable_, [&](const auto& failed) { return failed.second <= now; });
  lacking_.clear();
  for (std::string& id : live_.lacking_details()) {
    if (!unreadable_.contains(id)) lacking_.push_back(std::move(id));
  }
  details_wake_.notify();
}

std::vector<std::string> watcher::impl::next_details() {
  std::vector<std::string> ids;
  while (!lacking_.empty() && ids.size() < read_together) {
    if (live_.lacks_details(lacking_.front())) ids.push_back(std::move(lacking_.front()));
    lacking_.pop_front();
  }
  return ids;
}

task<void> watcher::impl::read_details_as_asked() {
  for (;;) {
    auto reading = read_what_is_lacking();
    co_await std::move(reading);
    auto pause = details_wake_.wait(monotonic::time_point::max());
    co_await std::move(pause);
  }
}

task<void> watcher::impl::read_what_is_lacking() {
  for (std::vector<std::string> ids = next_details(); !ids.empty(); ids = next_details()) {
    auto reading = read_details(source_, std::move(ids), options_.parallel_details,
                                [this](const std::string& id, core::result<core::image_details> outcome) {
                                  details_read(id, std::move(outcome));
                                });
    const bool complete = co_await std::move(reading);
    if (!complete) lacking_.clear();  // the engine is in trouble: the next listing asks again
    if (lacking_.empty() && live_.changed()) ask_publish(at_once);
  }
}

void watcher::impl::details_read(const std::string& id, core::result<core::image_details> outcome) {
  if (outcome) {
    const core::image* const image = live_.find_image(id);
    if (image == nullptr) return;
    outcome->id = id;
    outcome->listed_size = image->size;
    auto shared = std::make_shared<const core::image_details>(std::move(*outcome));
    live_.apply_details(shared);
    unreadable_.erase(id);
    if (unsaved_.size() < unsaved_at_most) unsaved_.push_back(std::move(shared));
    saving_wake_.notify();
    ask_publish(view_patience);
    return;
  }
  const core::failure& why = outcome.error();
  if (why.code == core::failure_code::cancelled) return;
  if (why.code == core::failure_code::too_old) return end_session(why.message);
  if (why.code == core::failure_code::not_found) {
    // Gone by now, as a look at it will show. Should it be there after all, this must not go round in a circle.
    unreadable_[id] = monotonic::now() + gone_patience;
    queue_.add_at_once({object_kind::image, id}, monotonic::now());
    work_wake_.notify();
    return;
  }
  // One odd image stops nothing: its bytes stay bounds, and it is asked again at the next resync at the earliest.
  unreadable_[id] = monotonic::now() + options_.resync / 2;
  log_.log(log_level::warn, "details_unreadable",
           {{"image", id}, {"error", why.message}, {"next", "ask again at the next resync"}});
}

task<void> watcher::impl::save_in_batches() {
  wake_up never(executor_);
  for (;;) {
    if (unsaved_.empty() && !forget_gone_) {
      auto pause = saving_wake_.wait(monotonic::time_point::max());
      co_await std::move(pause);
      continue;
    }
    if (unsaved_.size() < save_together) {
      auto pause = never.wait(monotonic::now() + save_patience);
      co_await std::move(pause);
    }
    core::result<void> saved;
    if (!unsaved_.empty()) {
      const std::size_t count = std::min(unsaved_.size(), save_together);
      std::vector<core::image_details> batch;
      batch.reserve(count);
      for (std::size_t i = 0; i < count; ++i) batch.push_back(*unsaved_[i]);
      unsaved_.erase(unsaved_.begin(), unsaved_.begin() + static_cast<std::ptrdiff_t>(count));
      auto saving = memory_.save_image_details(who_.id, std::move(batch));
      saved = co_await std::move(saving);
    } else if (forget_gone_) {
      forget_gone_ = false;
      std::vector<std::string> ids;
      ids.reserve(live_.now().images.size());
      for (const core::image& image : live_.now().images) ids.push_back(image.id);
      auto forgetting = memory_.keep_only_image_details(who_.id, std::move(ids));
      saved = co_await std::move(forgetting);
    }
    const std::string problem = saved ? "" : saved.error().message;
    if (!problem.empty() && problem != last_storage_problem_) {
      log_.log(log_level::warn, "details_not_saved",
               {{"error", problem}, {"next", "go on without; they are read again after a restart"}});
    }
    last_storage_problem_ = problem;
  }
}

task<void> watcher::impl::measure_disk_usage() {
  for (;;) {
    const bool ready = live_.listed() && pulse_.health().up;
    if (!ready || monotonic::now() < disk_due_) {
      auto pause = disk_wake_.wait(ready ? disk_due_ : monotonic::time_point::max());
      co_await std::move(pause);
      continue;
    }
    const unsigned generation = generation_;
    const auto began = monotonic::now();
    auto asking = source_.disk_usage();
    auto usage = co_await std::move(asking);
    disk_due_ = monotonic::now() + options_.disk_usage;
    if (generation != generation_) {
      disk_due_ = monotonic::now();
      continue;
    }
    if (!usage) {
      if (usage.error().code == core::failure_code::cancelled) continue;
      log_.log(log_level::warn, "disk_usage_failed",
               {{"error", usage.error().message}, {"next", "ask again at the next interval"}});
      continue;
    }
    log_.log(log_level::debug, "disk_usage", {{"took_ms", in_ms(monotonic::now() - began)}});
    live_.apply_disk(*usage);
    ask_publish(at_once);
    auto saving = memory_.save_disk_usage(who_, std::move(*usage));
    const auto saved = co_await std::move(saving);
    if (!saved && saved.error().code != core::failure_code::cancelled)
      log_.log(log_level::warn, "disk_usage_not_saved", {{"error", saved.error().message}});
  }
}

}  // namespace docksweep::app
