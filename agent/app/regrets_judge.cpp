// The conclusions of regrets: which removals were a mistake, and which were somebody else's.
#include <algorithm>
#include <utility>

#include "app/regrets.hpp"
#include "core/pattern.hpp"

namespace docksweep::app {
namespace {

constexpr std::size_t most_lines = 20;  // of one kind in the log at once; beyond it their number is told

std::string first_of(const std::vector<std::string>& list) {
  return list.empty() ? std::string() : list.front();
}

bool came_after(const std::unordered_map<std::string, core::instant>& moments, const std::string& key,
                core::instant removal) {
  const auto found = moments.find(key);
  return found != moments.end() && found->second > removal;
}

}  // namespace

task<void> regrets::check() {
  due_ = steady_moment::max();
  if (engine_id_.empty() || waiting_.empty()) co_return;
  waiting batch = std::exchange(waiting_, {});
  const auto generation = generation_;
  auto judging = judge(batch);
  const auto judged = co_await std::move(judging);
  if (generation != generation_) co_return;
  if (judged) {
    failing_ = false;
    co_return;
  }
  if (!failing_) log_.log(log_level::warn, "history_not_read", {{"error", judged.error().message}, {"next", "retry"}});
  failing_ = true;
  waiting_.merge(batch);
  due_ = std::chrono::steady_clock::now() + options_.retry;
}

// What was judged is taken out of the batch; what is left when something fails is judged again.
task<core::result<void>> regrets::judge(waiting& batch) {
  const auto generation = generation_;
  if (!batch.vanished.empty() || !batch.returned.empty() || !batch.pulled.empty()) {
    auto learning = learn_removals(batch);
    auto done = co_await std::move(learning);
    if (!done || generation != generation_) co_return done;
    auto returns = judge_returns(batch);
    done = co_await std::move(returns);
    if (!done || generation != generation_) co_return done;
    batch.returned.clear();
    batch.pulled.clear();
    auto gone = judge_vanished(batch);
    co_await std::move(gone);
    batch.vanished.clear();
  }
  if (batch.wanted.empty() || generation != generation_) co_return core::result<void>();
  auto shadows = judge_shadows(batch);
  auto done = co_await std::move(shadows);
  co_return done;
}

task<core::result<void>> regrets::judge_returns(const waiting& batch) {
  const auto generation = generation_;
  std::vector<std::int64_t> regretted;
  for (const auto& [id, removal] : own_) {
    const core::removal_record& record = removal.record;
    if (removal.counted || record.outcome != core::removal_outcome::removed) continue;
    const auto was_pulled = [&](const std::string& reference) {
      return came_after(batch.pulled, core::canonical_reference(reference), record.at);
    };
    if (came_after(batch.returned, record.object_id, record.at) || std::ranges::any_of(record.references, was_pulled) ||
        std::ranges::any_of(record.digests, was_pulled)) {
      regretted.push_back(id);
    }
  }
  for (const std::int64_t id : regretted) {
    auto asking = policy_of(own_.at(id).record.sweep_id);
    const auto policy = co_await std::move(asking);
    if (generation != generation_) co_return core::result<void>();
    if (!policy) co_return std::unexpected(policy.error());
    own_.at(id).counted = true;
    // What a person removed by name is no policy's mistake.
    if (!policy->empty()) count_regret(own_.at(id).record, *policy);
  }
  co_return core::result<void>();
}

task<core::result<std::string>> regrets::policy_of(std::int64_t sweep_id) {
  if (const auto known = policies_.find(sweep_id); known != policies_.end()) co_return known->second;
  history_query query;
  query.engine_id = engine_id_;
  query.sweep_id = sweep_id;
  query.sweeps_at_most = 1;
  const auto generation = generation_;
  auto asking = memory_.load_history(std::move(query));
  const auto page = co_await std::move(asking);
  if (!page) co_return std::unexpected(page.error());
  std::string policy = page->sweeps.empty() ? std::string() : page->sweeps.front().policy;
  if (generation == generation_) policies_[sweep_id] = policy;
  co_return policy;
}

void regrets::count_regret(const core::removal_record& removal, const std::string& policy) {
  const auto bytes = removal.freed.value_or(removal.predicted.at_least);
  counts_.regret(policy, bytes);
  log_.log(log_level::warn, "regret",
           {{"policy", policy},
            {"sweep_id", std::to_string(removal.sweep_id)},
            {"engine_id", engine_id_},
            {"image_id", removal.object_id},
            {"reference", first_of(removal.references)},
            {"digest", first_of(removal.digests)},
            {"freed_bytes", std::to_string(bytes)},
            {"why", "it was removed less than a day ago, and is back"}});
}

// IDs that went by our hand: those removed, what is on record as going along, and untagged parents of both.
std::set<std::string> regrets::ours_among(const waiting& batch) const {
  std::set<std::string> ours;
  for (const auto& [id, removal] : own_) {
    if (removal.record.at < now_ - options_.ours_within) continue;
    ours.insert(removal.record.object_id);
    ours.insert(removal.record.also.begin(), removal.record.also.end());
  }
  for (const auto& [id, gone] : batch.vanished) {
    if (!ours.contains(id)) continue;
    for (auto parent = batch.vanished.find(gone.parent); parent != batch.vanished.end() && !parent->second.named;
         parent = batch.vanished.find(parent->second.parent)) {
      if (!ours.insert(parent->first).second) break;
    }
  }
  return ours;
}

task<void> regrets::judge_vanished(const waiting& batch) {
  const auto ours = ours_among(batch);
  std::vector<core::removal_record> gone;
  for (const auto& [id, one] : batch.vanished) {
    const bool back = node_ != nullptr && std::ranges::binary_search(node_->what().images, id, {}, &core::image::id);
    if (!back && !ours.contains(id)) gone.push_back(one.record);
  }
  if (gone.empty()) co_return;
  std::ranges::sort(gone, {}, &core::removal_record::object_id);
  tell_foreign(gone);
  auto recording = memory_.record_foreign(engine_id_, std::move(gone));
  const auto recorded = co_await std::move(recording);
  if (!recorded) log_.log(log_level::warn, "foreign_removals_not_recorded", {{"error", recorded.error().message}});
}

void regrets::tell_foreign(const std::vector<core::removal_record>& gone) {
  counts_.foreign_removal(static_cast<std::int64_t>(gone.size()));
  if (gone.size() > most_lines) {
    log_.log(log_level::info, "foreign_removals", {{"engine_id", engine_id_}, {"count", std::to_string(gone.size())}});
    return;
  }
  for (const core::removal_record& one : gone) {
    log_.log(log_level::info, "foreign_removal",
             {{"engine_id", engine_id_},
              {"image_id", one.object_id},
              {"reference", first_of(one.references)},
              {"digest", first_of(one.digests)},
              {"why", "somebody else removed it"}});
  }
}

task<core::result<void>> regrets::judge_shadows(const waiting& batch) {
  const auto generation = generation_;
  auto asking = memory_.load_shadows(engine_id_, now_ - options_.within);
  const auto shadows = co_await std::move(asking);
  if (!shadows) co_return std::unexpected(shadows.error());
  for (const core::shadow_removal& one : *shadows) {
    if (generation != generation_) co_return core::result<void>();
    if (!came_after(batch.wanted, one.image_id, one.at)) continue;
    counts_.shadow_regret(one.policy);
    log_.log(log_level::info, "shadow_regret",
             {{"policy", one.policy},
              {"engine_id", engine_id_},
              {"image_id", one.image_id},
              {"reference", first_of(one.references)},
              {"why", "the policy would have removed it less than a day ago, and it is used again"}});
    // Forgotten, so that it counts once; where that fails it may count twice, which is better than not at all.
    auto forgetting = memory_.forget_shadow(engine_id_, one.policy, one.image_id);
    const auto forgot = co_await std::move(forgetting);
    if (!forgot) log_.log(log_level::warn, "shadow_not_forgotten", {{"error", forgot.error().message}});
  }
  co_return core::result<void>();
}

}  // namespace docksweep::app
