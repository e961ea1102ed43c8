// A record of sweeps in memory that behaves as the port says, and can fail. What it holds survives the sweeper (and its
// crash), as a file would.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/history.hpp"
#include "app/port_script.hpp"

namespace docksweep::test {

class fake_history final : public app::history {
 public:
  explicit fake_history(port_script& calls) : script(calls) {}

  port_script& script;
  bool is_durable = true;
  bool locked = false;  // by whoever sweeps
  std::optional<core::pause_state> pause;
  std::vector<core::sweep_record> sweeps;  // in order of their IDs, from 1
  std::vector<core::removal_record> removals;
  std::vector<core::shadow_removal> shadows;
  std::map<std::string, core::use_record> image_use;  // what a restoration saves

  bool durable() const override { return is_durable; }

  app::task<core::result<std::unique_ptr<app::sweep_permit>>> try_to_sweep(std::string) override {
    if (auto failed = script.begin("try_to_sweep")) co_return std::unexpected(*failed);
    std::unique_ptr<app::sweep_permit> permit;
    if (!locked) permit = std::make_unique<lock>(locked);
    co_return permit;
  }
  app::task<core::result<void>> begin_sweep(core::sweep_record& sweep,
                                            std::vector<core::removal_record>& planned) override {
    if (auto failed = script.begin("begin_sweep")) co_return std::unexpected(*failed);
    sweep.id = static_cast<std::int64_t>(sweeps.size()) + 1;
    for (core::removal_record& one : planned) {
      one.id = static_cast<std::int64_t>(removals.size()) + 1;
      one.sweep_id = sweep.id;
      removals.push_back(one);
    }
    sweeps.push_back(sweep);
    if (auto lost = script.end("begin_sweep")) co_return std::unexpected(*lost);
    co_return core::result<void>();
  }
  app::task<core::result<void>> update_removal(core::removal_record removal) override {
    const std::string call =
        "update_removal " + std::string(core::to_string(removal.outcome)) + " " + removal.object_id;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    removals.at(static_cast<std::size_t>(removal.id) - 1) = std::move(removal);
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return core::result<void>();
  }
  app::task<core::result<void>> mark_restored(std::int64_t removal, core::instant at) override {
    if (auto failed = script.begin("mark_restored")) co_return std::unexpected(*failed);
    removals.at(static_cast<std::size_t>(removal) - 1).restored = at;
    co_return core::result<void>();
  }
  app::task<core::result<void>> end_sweep(core::sweep_record sweep) override {
    if (auto failed = script.begin("end_sweep")) co_return std::unexpected(*failed);
    for (core::removal_record& one : removals) {
      const bool left = one.sweep_id == sweep.id && one.outcome == core::removal_outcome::planned;
      if (left) one.outcome = core::removal_outcome::skipped;
    }
    sweeps.at(static_cast<std::size_t>(sweep.id) - 1) = std::move(sweep);
    if (auto lost = script.end("end_sweep")) co_return std::unexpected(*lost);
    co_return core::result<void>();
  }
  app::task<core::result<app::history_page>> load_history(app::history_query query) override {
    if (auto failed = script.begin("load_history")) co_return std::unexpected(*failed);
    app::history_page page;
    for (auto sweep = sweeps.rbegin(); sweep != sweeps.rend(); ++sweep) {
      if (query.sweep_id && *query.sweep_id != sweep->id) continue;
      if (page.sweeps.size() == query.sweeps_at_most) break;
      page.sweeps.push_back(*sweep);
      if (query.with_removals) add_removals(page, sweep->id);
    }
    co_return page;
  }
  app::task<core::result<app::history_page>> unsettled(std::string) override {
    if (auto failed = script.begin("unsettled")) co_return std::unexpected(*failed);
    app::history_page page;
    for (const core::sweep_record& sweep : sweeps) {
      if (sweep.outcome != core::sweep_outcome::running) continue;
      page.sweeps.push_back(sweep);
      add_removals(page, sweep.id);
    }
    std::erase_if(page.removals, [](const core::removal_record& one) {
      return one.outcome != core::removal_outcome::planned && one.outcome != core::removal_outcome::attempted;
    });
    co_return page;
  }
  app::task<core::result<std::optional<core::pause_state>>> load_pause() override {
    if (auto failed = script.begin("load_pause")) co_return std::unexpected(*failed);
    co_return pause;
  }
  app::task<core::result<void>> save_shadows(std::string, std::vector<core::shadow_removal> more) override {
    if (auto failed = script.begin("save_shadows")) co_return std::unexpected(*failed);
    shadows.insert(shadows.end(), more.begin(), more.end());
    co_return core::result<void>();
  }

  // The sweeper has no business here.
  app::task<core::result<void>> record_foreign(std::string, std::vector<core::removal_record>) override {
    return unused<void>();
  }
  app::task<core::result<std::vector<core::removal_record>>> removed_since(std::string, core::instant) override {
    return unused<std::vector<core::removal_record>>();
  }
  app::task<core::result<std::int64_t>> count_restored_since(std::string, core::instant) override {
    return unused<std::int64_t>();
  }
  app::task<core::result<void>> forget_history_before(core::instant) override { return unused<void>(); }
  app::task<core::result<void>> save_pause(std::optional<core::pause_state>) override { return unused<void>(); }
  app::task<core::result<std::map<std::string, core::policy_memory>>> load_policies(std::string) override {
    return unused<std::map<std::string, core::policy_memory>>();
  }
  app::task<core::result<void>> save_policy(std::string, core::policy_memory) override { return unused<void>(); }
  app::task<core::result<std::vector<core::shadow_removal>>> load_shadows(std::string, core::instant) override {
    return unused<std::vector<core::shadow_removal>>();
  }
  app::task<core::result<void>> forget_shadow(std::string, std::string, std::string) override { return unused<void>(); }
  app::task<core::result<std::vector<core::use_record>>> load_image_use(std::string) override {
    return unused<std::vector<core::use_record>>();
  }
  app::task<core::result<void>> save_image_use(std::string, core::use_book::changes changes) override {
    if (auto failed = script.begin("save_image_use")) co_return std::unexpected(*failed);
    for (core::use_record& one : changes.records) image_use[one.id] = one;
    co_return core::result<void>();
  }
  app::task<core::result<std::vector<core::use_record>>> load_volume_use(std::string) override {
    return unused<std::vector<core::use_record>>();
  }
  app::task<core::result<void>> save_volume_use(std::string, core::use_book::changes) override {
    return unused<void>();
  }
  app::task<core::result<std::optional<clock_mark>>> load_clock_mark() override {
    return unused<std::optional<clock_mark>>();
  }
  app::task<core::result<void>> save_clock_mark(clock_mark) override { return unused<void>(); }
  app::task<core::result<std::int64_t>> writes_by_others() override { return unused<std::int64_t>(); }

 private:
  struct lock final : app::sweep_permit {
    bool& held;
    explicit lock(bool& flag) : held(flag) { held = true; }
    ~lock() override { held = false; }
    lock(const lock&) = delete;
    lock& operator=(const lock&) = delete;
  };
  template <typename T>
  static app::task<core::result<T>> unused() {
    co_return core::fail(core::failure_code::refused, "not by the sweeper");
  }
  void add_removals(app::history_page& page, std::int64_t sweep) const {
    for (const core::removal_record& one : removals) {
      if (one.sweep_id == sweep) page.removals.push_back(one);
    }
  }
};

}  // namespace docksweep::test
