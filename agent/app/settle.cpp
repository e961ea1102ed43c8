#include "app/settle.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/put_back.hpp"
#include "app/sweep_brake.hpp"

namespace docksweep::app {
namespace {

using outcome = core::removal_outcome;

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

class settlement {
 public:
  explicit settlement(settle_parts with) : with_(with) {}

  task<core::result<int>> run(std::string engine_id) {
    auto asking = with_.record.unsettled(engine_id);
    auto left = co_await std::move(asking);
    if (!left) co_return std::unexpected(std::move(left.error()));
    int settled = 0;
    for (core::sweep_record& sweep : left->sweeps) {
      auto settling = settle_sweep(sweep, left->removals);
      auto done = co_await std::move(settling);
      if (!done) co_return std::unexpected(std::move(done.error()));
      ++settled;
    }
    auto asking_again = settle_unknown(std::move(engine_id));
    auto done = co_await std::move(asking_again);
    if (!done) co_return std::unexpected(std::move(done.error()));
    co_return settled + *done;
  }

 private:
  task<core::result<void>> settle_sweep(core::sweep_record sweep, const std::vector<core::removal_record>& removals) {
    for (const core::removal_record& one : removals) {
      if (one.sweep_id != sweep.id) continue;
      auto settling = one.outcome == outcome::attempted ? settle_removal(one) : settle_planned(one);
      auto done = co_await std::move(settling);
      if (!done) co_return std::unexpected(std::move(done.error()));
    }
    sweep.outcome = core::sweep_outcome::interrupted;
    sweep.ended = with_.options.now();
    sweep.problem = "docksweep ended in the middle of it; settled from what the engine has";
    auto ending = count_and_end(std::move(sweep));
    co_return co_await std::move(ending);
  }

  // What was not attempted is skipped when the sweep ends; but what went anyway, by whatever hand (after a power cut
  // the record of an attempt may be lost), did not stay.
  task<core::result<void>> settle_planned(core::removal_record one) {
    bool gone = false;
    core::result<void> told;
    if (one.kind == core::target_kind::image) {
      auto finding = with_.engine.find_image(one.object_id);
      const auto found = co_await std::move(finding);
      gone = found && !*found;
      if (!found && is_engines_own(found.error())) told = std::unexpected(found.error());
    } else if (one.kind == core::target_kind::container) {
      auto finding = with_.engine.container_details(one.object_id);
      const auto found = co_await std::move(finding);
      gone = found && !*found;
      if (!found && is_engines_own(found.error())) told = std::unexpected(found.error());
    }
    if (!gone) co_return told;
    finish(one, outcome::gone, "it is gone, and no attempt is on record");
    one.at = with_.options.now();
    auto writing = with_.record.update_removal(std::move(one));
    co_return co_await std::move(writing);
  }

  // A removal that was given up (a stop's grace was over, the engine was lost, what became of it could not be written
  // down) in the newest sweep. Returns 1 if any of them is settled now.
  task<core::result<int>> settle_unknown(std::string engine_id) {
    history_query newest;
    newest.engine_id = std::move(engine_id);
    newest.sweeps_at_most = 1;
    newest.with_removals = true;
    auto asking = with_.record.load_history(std::move(newest));
    auto page = co_await std::move(asking);
    if (!page) co_return std::unexpected(std::move(page.error()));
    if (page->sweeps.empty() || !page->sweeps.front().ended) co_return 0;
    int settled = 0;
    for (const core::removal_record& one : page->removals) {
      const bool can_be_asked = one.kind == core::target_kind::image || one.kind == core::target_kind::container;
      const bool is_open = one.outcome == outcome::unknown || one.outcome == outcome::attempted;
      if (one.sweep_id != page->sweeps.front().id || !is_open || !can_be_asked) continue;
      auto settling = settle_removal(one);
      auto done = co_await std::move(settling);
      if (!done) co_return std::unexpected(std::move(done.error()));
      settled = 1;
    }
    if (settled == 0) co_return 0;
    auto ending = count_and_end(page->sweeps.front());
    auto done = co_await std::move(ending);
    if (!done) co_return std::unexpected(std::move(done.error()));
    co_return settled;
  }

  task<core::result<void>> settle_removal(core::removal_record one) {
    core::result<void> done;
    if (one.kind == core::target_kind::image) {
      auto settling = settle_image(one);
      done = co_await std::move(settling);
    } else if (one.kind == core::target_kind::container) {
      auto settling = settle_container(one);
      done = co_await std::move(settling);
    } else if (one.kind == core::target_kind::volume) {
      auto settling = settle_volume(one);
      done = co_await std::move(settling);
    } else {
      finish(one, outcome::unknown, "the engine cannot tell whether the build cache was pruned");
    }
    if (!done) co_return done;
    one.at = with_.options.now();
    with_.log.log(log_level::warn, "removal_settled",
                  {{"sweep_id", std::to_string(one.sweep_id)},
                   {"kind", std::string(core::to_string(one.kind))},
                   {"object", one.object_id},
                   {"reference", fmt::format("{}", fmt::join(one.references, ","))},
                   {"outcome", std::string(core::to_string(one.outcome))},
                   {"why", one.problem}});
    auto writing = with_.record.update_removal(std::move(one));
    co_return co_await std::move(writing);
  }

  static void finish(core::removal_record& one, outcome became, std::string_view why) {
    one.outcome = became;
    one.problem = fmt::format("settled after a crash: {}", why);
  }

  task<core::result<void>> settle_image(core::removal_record& one) {
    auto finding = with_.engine.find_image(one.object_id);
    const auto found = co_await std::move(finding);
    if (!found && is_engines_own(found.error())) co_return std::unexpected(found.error());
    if (!found) {
      finish(one, outcome::unknown, "it cannot be looked at: " + found.error().message);
      co_return core::result<void>();
    }
    if (!*found) {
      finish(one, outcome::removed, "it is gone");
      co_return core::result<void>();
    }
    const core::image& now = **found;
    std::vector<std::string> missing;
    for (const std::string& name : one.references) {
      if (!has(now.tags, name)) missing.push_back(name);
    }
    // It has other names: then these were all that was to go (`docksweep remove` takes one tag of several).
    const bool stays_named = !now.tags.empty() && missing.size() == one.references.size();
    if (missing.empty()) {
      finish(one, outcome::failed, "it is still there");
    } else if (stays_named) {
      finish(one, outcome::removed,
             fmt::format("the names are gone; the image stays as {}", fmt::join(now.tags, ", ")));
      one.freed = 0;
    } else {
      auto giving = put_back_names(with_.engine, one.object_id, std::move(missing));
      const auto result = co_await std::move(giving);
      if (!result.reached) co_return core::fail(core::failure_code::unreachable, result.text());
      // Docker cannot write a name down on a full disk. If that held up every sweep, the disk would stay full.
      finish(one, result.settled ? outcome::failed : outcome::unknown, "the image is still there; " + result.text());
    }
    co_return core::result<void>();
  }

  task<core::result<void>> settle_container(core::removal_record& one) {
    auto finding = with_.engine.container_details(one.object_id);
    const auto found = co_await std::move(finding);
    if (!found && is_engines_own(found.error())) co_return std::unexpected(found.error());
    if (!found) {
      finish(one, outcome::unknown, "it cannot be looked at: " + found.error().message);
    } else {
      finish(one, *found ? outcome::failed : outcome::removed, *found ? "it is still there" : "it is gone");
    }
    co_return core::result<void>();
  }

  // Only the whole disk usage tells which volumes there are.
  task<core::result<void>> settle_volume(core::removal_record& one) {
    auto asking = with_.engine.disk_usage();
    const auto usage = co_await std::move(asking);
    if (!usage) {
      throw_if_cancelled(usage.error());
      finish(one, outcome::unknown, "volumes cannot be listed: " + usage.error().message);
      co_return core::result<void>();
    }
    const bool there = std::ranges::find(usage->volumes, one.object_id, &core::volume::name) != usage->volumes.end();
    finish(one, there ? outcome::failed : outcome::removed, there ? "it is still there" : "it is gone");
    co_return core::result<void>();
  }

  // The figures of the whole sweep, from all of its removals.
  task<core::result<void>> count_and_end(core::sweep_record sweep) {
    history_query query;
    query.engine_id = sweep.engine_id;
    query.sweep_id = sweep.id;
    query.with_removals = true;
    auto asking = with_.record.load_history(std::move(query));
    auto page = co_await std::move(asking);
    if (!page) co_return std::unexpected(std::move(page.error()));
    sweep.removed = sweep.failed = 0;
    sweep.freed = 0;
    for (const core::removal_record& one : page->removals) {
      if (one.sweep_id != sweep.id) continue;
      sweep.failed +=
          one.outcome == outcome::refused || one.outcome == outcome::failed || one.outcome == outcome::unknown;
      if (one.outcome != outcome::removed) continue;
      ++sweep.removed;
      sweep.freed = sweep.freed && one.freed ? std::optional(*sweep.freed + *one.freed) : std::nullopt;
    }
    auto ending = with_.record.end_sweep(std::move(sweep));
    co_return co_await std::move(ending);
  }

  settle_parts with_;
};

}  // namespace

task<core::result<int>> settle_sweeps(settle_parts with, std::string engine_id) {
  settlement all(with);
  auto running = all.run(std::move(engine_id));
  co_return co_await std::move(running);
}

}  // namespace docksweep::app
