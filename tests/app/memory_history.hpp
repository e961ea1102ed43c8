// A history that behaves, in memory: what is saved can be read back, each call can be made to fail, and every call is
// on record. Two objects on one `memory` are two processes, or one before and after a restart. With it, a
// sweep_telemetry that remembers what it was told.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/history.hpp"
#include "app/sweep_telemetry.hpp"

namespace docksweep::test {

// What survives a process.
struct history_memory {
  std::vector<core::sweep_record> sweeps;
  std::vector<std::pair<std::string, core::removal_record>> removals;  // by engine
  std::optional<core::pause_state> pause;
  std::map<std::string, std::map<std::string, core::policy_memory>> policies;            // by engine
  std::map<std::string, std::vector<core::shadow_removal>> shadows;                      // by engine
  std::map<std::string, std::map<std::string, core::use_record>> image_use, volume_use;  // by engine
  std::optional<app::history::clock_mark> mark;
  std::set<std::string> permits;  // engines that are being swept
  std::int64_t next_id = 1;
  std::int64_t writes_by_others = 0;
};

class memory_history final : public app::history {
 public:
  explicit memory_history(std::shared_ptr<history_memory> shared = std::make_shared<history_memory>())
      : memory(std::move(shared)) {}

  std::shared_ptr<history_memory> memory;
  std::optional<core::failure> broken;             // every call fails
  std::map<std::string, core::failure> broken_by;  // per call name
  std::vector<std::string> calls;
  std::function<void(const std::string&)> on_call;  // before it does anything

  std::size_t count(const std::string& call) const { return static_cast<std::size_t>(std::ranges::count(calls, call)); }
  static core::failure no_space() { return {core::failure_code::storage, "no space left on device", 0}; }

  // What another docksweep process would do: a sweep with these removals is on record. Returns the sweep's ID.
  std::int64_t put_sweep(const std::string& engine, const std::string& policy,
                         std::vector<core::removal_record> removals) {
    core::sweep_record sweep;
    sweep.id = memory->next_id++;
    sweep.engine_id = engine;
    sweep.policy = policy;
    if (!removals.empty()) sweep.began = removals.front().at;
    memory->sweeps.push_back(sweep);
    for (core::removal_record& one : removals) {
      one.id = memory->next_id++;
      one.sweep_id = sweep.id;
      memory->removals.emplace_back(engine, std::move(one));
    }
    ++memory->writes_by_others;
    return sweep.id;
  }

  bool lasting = true;
  bool durable() const override { return lasting; }

  app::task<core::result<std::unique_ptr<app::sweep_permit>>> try_to_sweep(std::string engine) override {
    if (auto failed = begin("try_to_sweep")) co_return std::unexpected(*failed);
    std::unique_ptr<app::sweep_permit> mine;
    if (memory->permits.insert(engine).second) mine = std::make_unique<permit>(memory, engine);
    co_return mine;
  }
  app::task<core::result<void>> begin_sweep(core::sweep_record& sweep,
                                            std::vector<core::removal_record>& removals) override {
    if (auto failed = begin("begin_sweep")) co_return std::unexpected(*failed);
    sweep.id = memory->next_id++;
    memory->sweeps.push_back(sweep);
    for (core::removal_record& one : removals) {
      one.id = memory->next_id++;
      one.sweep_id = sweep.id;
      memory->removals.emplace_back(sweep.engine_id, one);
    }
    co_return core::result<void>();
  }
  app::task<core::result<void>> update_removal(core::removal_record removal) override {
    if (auto failed = begin("update_removal")) co_return std::unexpected(*failed);
    for (auto& [engine, one] : memory->removals) {
      if (one.id == removal.id) one = removal;
    }
    co_return core::result<void>();
  }
  app::task<core::result<void>> mark_restored(std::int64_t removal, core::instant at) override {
    if (auto failed = begin("mark_restored")) co_return std::unexpected(*failed);
    for (auto& [engine, one] : memory->removals) {
      if (one.id == removal) one.restored = at;
    }
    co_return core::result<void>();
  }
  app::task<core::result<void>> end_sweep(core::sweep_record sweep) override {
    if (auto failed = begin("end_sweep")) co_return std::unexpected(*failed);
    for (core::sweep_record& one : memory->sweeps) {
      if (one.id == sweep.id) one = sweep;
    }
    for (auto& [engine, one] : memory->removals) {
      if (one.sweep_id == sweep.id && one.outcome == core::removal_outcome::planned) {
        one.outcome = core::removal_outcome::skipped;
      }
    }
    co_return core::result<void>();
  }
  app::task<core::result<void>> record_foreign(std::string engine, std::vector<core::removal_record> gone) override {
    if (auto failed = begin("record_foreign")) co_return std::unexpected(*failed);
    for (core::removal_record& one : gone) {
      one.id = memory->next_id++;
      one.sweep_id = 0;
      memory->removals.emplace_back(engine, std::move(one));
    }
    co_return core::result<void>();
  }

  app::task<core::result<app::history_page>> load_history(app::history_query query) override {
    if (auto failed = begin("load_history")) co_return std::unexpected(*failed);
    app::history_page page;
    for (auto at = memory->sweeps.rbegin(); at != memory->sweeps.rend(); ++at) {
      if (page.sweeps.size() == query.sweeps_at_most) break;
      if (!query.engine_id.empty() && at->engine_id != query.engine_id) continue;
      if (query.sweep_id && at->id != *query.sweep_id) continue;
      if (query.since && at->began < *query.since) continue;
      if (!query.policy.empty() && at->policy != query.policy) continue;
      page.sweeps.push_back(*at);
    }
    if (query.with_removals) add_removals(page, query);
    co_return page;
  }
  app::task<core::result<app::history_page>> unsettled(std::string engine) override {
    if (auto failed = begin("unsettled")) co_return std::unexpected(*failed);
    app::history_page page;
    for (const core::sweep_record& one : memory->sweeps) {
      if (one.engine_id != engine || one.outcome != core::sweep_outcome::running) continue;
      page.sweeps.push_back(one);
      for (const auto& [where, removal] : memory->removals) {
        const bool open =
            removal.outcome == core::removal_outcome::planned || removal.outcome == core::removal_outcome::attempted;
        if (removal.sweep_id == one.id && open) page.removals.push_back(removal);
      }
    }
    co_return page;
  }
  app::task<core::result<std::vector<core::removal_record>>> removed_since(std::string engine,
                                                                           core::instant since) override {
    if (auto failed = begin("removed_since")) co_return std::unexpected(*failed);
    std::vector<core::removal_record> found;
    for (auto at = memory->removals.rbegin(); at != memory->removals.rend(); ++at) {
      using enum core::removal_outcome;
      const core::removal_record& one = at->second;
      const bool ours = one.outcome == removed || one.outcome == attempted || one.outcome == unknown;
      if (at->first == engine && one.kind == core::target_kind::image && ours && one.at >= since) found.push_back(one);
    }
    co_return found;
  }
  app::task<core::result<std::int64_t>> count_restored_since(std::string engine, core::instant since) override {
    if (auto failed = begin("count_restored_since")) co_return std::unexpected(*failed);
    co_return std::ranges::count_if(memory->removals, [&](const auto& entry) {
      return entry.first == engine && entry.second.restored >= since;
    });
  }
  app::task<core::result<void>> forget_history_before(core::instant when) override {
    if (auto failed = begin("forget_history_before")) co_return std::unexpected(*failed);
    std::erase_if(memory->sweeps, [&](const auto& one) { return one.began < when; });
    std::erase_if(memory->removals, [&](const auto& one) { return one.second.at < when; });
    co_return core::result<void>();
  }

  app::task<core::result<std::optional<core::pause_state>>> load_pause() override {
    if (auto failed = begin("load_pause")) co_return std::unexpected(*failed);
    co_return memory->pause;
  }
  app::task<core::result<void>> save_pause(std::optional<core::pause_state> pause) override {
    if (auto failed = begin("save_pause")) co_return std::unexpected(*failed);
    memory->pause = std::move(pause);
    co_return core::result<void>();
  }
  app::task<core::result<std::map<std::string, core::policy_memory>>> load_policies(std::string engine) override {
    if (auto failed = begin("load_policies")) co_return std::unexpected(*failed);
    co_return memory->policies[engine];
  }
  app::task<core::result<void>> save_policy(std::string engine, core::policy_memory one) override {
    if (auto failed = begin("save_policy")) co_return std::unexpected(*failed);
    memory->policies[engine][one.policy] = one;
    co_return core::result<void>();
  }

  app::task<core::result<std::vector<core::shadow_removal>>> load_shadows(std::string engine,
                                                                          core::instant since) override {
    if (auto failed = begin("load_shadows")) co_return std::unexpected(*failed);
    std::vector<core::shadow_removal> found;
    for (const core::shadow_removal& one : memory->shadows[engine]) {
      if (one.at >= since) found.push_back(one);
    }
    co_return found;
  }
  app::task<core::result<void>> save_shadows(std::string engine, std::vector<core::shadow_removal> more) override {
    if (auto failed = begin("save_shadows")) co_return std::unexpected(*failed);
    auto& all = memory->shadows[engine];
    for (core::shadow_removal& one : more) {
      std::erase_if(all, [&](const auto& old) { return old.policy == one.policy && old.image_id == one.image_id; });
      all.push_back(std::move(one));
    }
    co_return core::result<void>();
  }
  app::task<core::result<void>> forget_shadow(std::string engine, std::string policy, std::string image) override {
    if (auto failed = begin("forget_shadow")) co_return std::unexpected(*failed);
    std::erase_if(memory->shadows[engine],
                  [&](const auto& one) { return one.policy == policy && one.image_id == image; });
    co_return core::result<void>();
  }

  app::task<core::result<std::vector<core::use_record>>> load_image_use(std::string engine) override {
    if (auto failed = begin("load_image_use")) co_return std::unexpected(*failed);
    co_return values(memory->image_use[engine]);
  }
  app::task<core::result<void>> save_image_use(std::string engine, core::use_book::changes changes) override {
    if (auto failed = begin("save_image_use")) co_return std::unexpected(*failed);
    save(memory->image_use[engine], changes);
    co_return core::result<void>();
  }
  app::task<core::result<std::vector<core::use_record>>> load_volume_use(std::string engine) override {
    if (auto failed = begin("load_volume_use")) co_return std::unexpected(*failed);
    co_return values(memory->volume_use[engine]);
  }
  app::task<core::result<void>> save_volume_use(std::string engine, core::use_book::changes changes) override {
    if (auto failed = begin("save_volume_use")) co_return std::unexpected(*failed);
    save(memory->volume_use[engine], changes);
    co_return core::result<void>();
  }
  app::task<core::result<std::optional<clock_mark>>> load_clock_mark() override {
    if (auto failed = begin("load_clock_mark")) co_return std::unexpected(*failed);
    co_return memory->mark;
  }
  app::task<core::result<void>> save_clock_mark(clock_mark mark) override {
    if (auto failed = begin("save_clock_mark")) co_return std::unexpected(*failed);
    memory->mark = mark;
    co_return core::result<void>();
  }
  app::task<core::result<std::int64_t>> writes_by_others() override {
    if (auto failed = begin("writes_by_others")) co_return std::unexpected(*failed);
    co_return memory->writes_by_others;
  }

 private:
  struct permit final : app::sweep_permit {
    permit(std::shared_ptr<history_memory> where, std::string of) : memory(std::move(where)), engine(std::move(of)) {}
    ~permit() override { memory->permits.erase(engine); }
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;
    std::shared_ptr<history_memory> memory;
    std::string engine;
  };

  std::optional<core::failure> begin(const std::string& call) {
    calls.push_back(call);
    if (on_call) on_call(call);
    if (broken) return broken;
    if (const auto one = broken_by.find(call); one != broken_by.end()) return one->second;
    return std::nullopt;
  }
  void add_removals(app::history_page& page, const app::history_query& query) const {
    for (const auto& [engine, one] : memory->removals) {
      if (!query.engine_id.empty() && engine != query.engine_id) continue;
      const bool listed = std::ranges::any_of(page.sweeps, [&](const auto& sweep) { return sweep.id == one.sweep_id; });
      const bool foreign = one.sweep_id == 0 && !query.sweep_id && query.policy.empty();
      if (listed || foreign) page.removals.push_back(one);
    }
  }
  static std::vector<core::use_record> values(const std::map<std::string, core::use_record>& from) {
    std::vector<core::use_record> all;
    for (const auto& [id, one] : from) all.push_back(one);
    return all;
  }
  static void save(std::map<std::string, core::use_record>& into, const core::use_book::changes& changes) {
    for (const core::use_record& one : changes.records) into[one.id] = one;
    for (const std::string& id : changes.gone) into.erase(id);
  }
};

class counted_sweeps final : public app::sweep_telemetry {
 public:
  std::vector<std::string> began, skipped;  // "policy threshold", "policy cooldown"
  std::vector<core::sweep_record> ended;
  std::map<std::string, int> missed, regrets, shadow_regrets;  // by policy
  std::map<core::target_kind, int> removals;
  std::map<core::target_kind, core::byte_count> predicted, freed;
  int failures = 0;
  core::byte_count regretted_bytes = 0;
  std::int64_t foreign = 0, restored_images = 0;

  void sweep_began(std::string_view policy, core::sweep_trigger trigger) override {
    began.push_back(std::string(policy) + " " + std::string(core::to_string(trigger)));
  }
  void sweep_ended(const core::sweep_record& sweep, std::chrono::nanoseconds) override { ended.push_back(sweep); }
  void sweep_skipped(std::string_view policy, app::skip_reason why) override {
    skipped.push_back(std::string(policy) + " " + std::string(app::to_string(why)));
  }
  void schedule_missed(std::string_view policy) override { ++missed[std::string(policy)]; }
  void removed(std::string_view, core::target_kind kind) override { ++removals[kind]; }
  void removal_failed(app::removal_failure) override { ++failures; }
  void bytes(core::target_kind kind, core::byte_count said, core::byte_count went) override {
    predicted[kind] += said;
    freed[kind] += went;
  }
  void regret(std::string_view policy, core::byte_count bytes) override {
    ++regrets[std::string(policy)];
    regretted_bytes += bytes;
  }
  void shadow_regret(std::string_view policy) override { ++shadow_regrets[std::string(policy)]; }
  void foreign_removal(std::int64_t count) override { foreign += count; }
  void restored(std::int64_t count) override { restored_images += count; }
};

}  // namespace docksweep::test
