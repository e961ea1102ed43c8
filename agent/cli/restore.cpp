// `docksweep restore`: brings back what a sweep removed.
#include <fmt/format.h>

#include <algorithm>

#include "app/restore.hpp"
#include "cli/commands.hpp"
#include "cli/restore_progress.hpp"
#include "cli/session.hpp"
#include "cli/sweep_runner.hpp"
#include "cli/terminal.hpp"
#include "report/restore_text.hpp"

namespace docksweep::cli {
namespace {

// What is meant by the argument, and of which sweep it is.
struct chosen_removals {
  std::optional<std::int64_t> sweep;  // nullopt: removed by somebody else
  std::vector<core::removal_record> removals;
};

constexpr std::size_t every_sweep = 1'000'000;

app::task<core::result<app::history_page>> load(session& with, const std::string& engine,
                                                std::optional<std::int64_t> sweep, bool with_removals) {
  app::history_query query;
  query.engine_id = engine;
  query.sweep_id = sweep;
  query.sweeps_at_most = every_sweep;
  query.with_removals = with_removals;
  auto loading = with.memory->load_history(std::move(query));
  co_return co_await std::move(loading);
}

bool took_away(const core::removal_record& one) {
  return one.kind == core::target_kind::image && one.outcome == core::removal_outcome::removed;
}

app::task<core::result<chosen_removals>> removals_of_sweep(session& with, const std::string& engine,
                                                           std::int64_t sweep) {
  auto loading = load(with, engine, sweep, true);
  auto page = co_await std::move(loading);
  if (!page) co_return std::unexpected(std::move(page.error()));
  if (page->sweeps.empty()) {
    co_return core::fail(core::failure_code::not_found, fmt::format("there is no sweep {} of this engine on record", sweep));
  }
  co_return chosen_removals{sweep, std::move(page->removals)};
}

app::task<core::result<chosen_removals>> removals_of_newest_sweep(session& with, const std::string& engine) {
  auto loading = load(with, engine, std::nullopt, false);
  const auto page = co_await std::move(loading);
  if (!page) co_return std::unexpected(page.error());
  for (const auto& sweep : page->sweeps) {
    auto reading = removals_of_sweep(with, engine, sweep.id);
    auto chosen = co_await std::move(reading);
    if (!chosen || std::ranges::any_of(chosen->removals, took_away)) co_return chosen;
  }
  co_return core::fail(core::failure_code::not_found, "no sweep on record has removed an image of this engine");
}

app::task<core::result<chosen_removals>> removal_named(session& with, const std::string& engine, std::string name) {
  auto loading = load(with, engine, std::nullopt, true);
  auto page = co_await std::move(loading);
  if (!page) co_return std::unexpected(std::move(page.error()));
  const auto moment = [](const core::removal_record& one) { return std::pair(one.at, one.id); };
  std::ranges::sort(page->removals, std::ranges::greater(), moment);
  const auto* found = core::find_removal(page->removals, name);
  if (found == nullptr) {
    co_return core::fail(core::failure_code::not_found,
                         fmt::format("no removal of '{}' is on record ('docksweep history' shows what is)", name));
  }
  chosen_removals chosen{std::nullopt, {*found}};
  if (found->sweep_id != 0) chosen.sweep = found->sweep_id;
  co_return chosen;
}

app::task<core::result<chosen_removals>> choose(session& with, const std::string& engine, const std::string& what) {
  if (what.empty()) {
    auto newest = removals_of_newest_sweep(with, engine);
    co_return co_await std::move(newest);
  }
  const bool number = what.size() < 19 && std::ranges::all_of(what, [](char c) { return c >= '0' && c <= '9'; });
  if (number) {
    auto of_sweep = removals_of_sweep(with, engine, std::stoll(what));
    co_return co_await std::move(of_sweep);
  }
  auto named = removal_named(with, engine, what);
  co_return co_await std::move(named);
}

bool can_do_something(const std::vector<core::restoration>& wanted) {
  return std::ranges::any_of(wanted, [](const auto& one) { return one.why_not.empty(); });
}

// Not when all of it is there, or none of it can come.
bool has_something_to_do(const std::vector<core::restoration>& wanted) {
  return std::ranges::any_of(wanted, [](const auto& one) { return !one.sources.empty() || !one.names.empty(); });
}

int status_of(const std::vector<core::restored_image>& all) {
  const bool well = std::ranges::all_of(all, [](const auto& one) {
    return one.outcome == core::restore_outcome::restored || one.outcome == core::restore_outcome::already_back;
  });
  return well ? done : short_of_goal;
}

void show_plan(const chosen_removals& chosen, const std::vector<core::restoration>& wanted, const restore_command& what) {
  const report::table_style style{.width = what.json || what.quiet ? error_width() : output_width(),
                                  .no_trunc = what.no_trunc,
                                  .colour = !what.json && !what.quiet && output_colour()};
  auto text = chosen.sweep ? fmt::format("From sweep {}:\n\n", *chosen.sweep) : std::string("Removed by others:\n\n");
  text += report::restore_plan_text(wanted, style);
  if (what.json || what.quiet) return note_raw(text);
  print(text);
}

app::task<int> run(session& with, std::string engine, core::image_store store, chosen_removals chosen, std::vector<core::restoration> wanted,
                   restore_command what) {
  std::optional<core::result<std::vector<core::restored_image>>> ended;
  {
    restore_display display(what.quiet || what.json ? restore_display::form::nothing
                            : progress_wanted()     ? restore_display::form::bar
                                                    : restore_display::form::lines,
                            wanted.size());
    app::restore_parts parts{*with.engine, *with.memory, *with.archive, *with.log, store};
    auto restoring = app::restore(parts, std::move(engine), actor(), std::move(wanted), display.observer());
    ended = co_await std::move(restoring);
  }
  if (!*ended) {
    complain((*ended).error().message);
    co_return ended->error().code == core::failure_code::conflict ? short_of_goal : failed;
  }
  const auto& all = **ended;
  std::string text;
  if (what.json) {
    text = report::restore_json(chosen.sweep, {}, all);
  } else if (what.quiet) {
    for (const auto& one : all) {
      if (one.outcome == core::restore_outcome::restored) text += one.what.removal.object_id + "\n";
    }
  } else {
    text = report::restore_summary(all);
  }
  co_return print(text) ? status_of(all) : failed;
}

app::task<int> restore(session& with, restore_command what) {
  if (!open_to_write(with)) co_return failed;
  const auto engine = co_await with.engine->identify();
  if (!engine) {
    complain(engine.error().message);
    co_return failed;
  }
  auto choosing = choose(with, engine->id, what.what);
  auto chosen = co_await std::move(choosing);
  if (!chosen) {
    complain(chosen.error().message);
    co_return failed;
  }
  const app::engine_filters every_one;
  auto listing = with.engine->list_images(every_one);
  const auto images = co_await std::move(listing);
  if (!images) {
    complain(images.error().message);
    co_return failed;
  }
  auto wanted = core::plan_restoration(chosen->removals, images->items, engine->store);
  if (wanted.empty()) {
    complain(fmt::format("sweep {} removed nothing", chosen->sweep.value_or(0)));
    co_return short_of_goal;
  }
  const bool will_ask = !what.yes && !what.dry_run && can_ask() && has_something_to_do(wanted);
  if ((!what.json && !what.quiet) || will_ask) show_plan(*chosen, wanted, what);
  if (what.dry_run) {
    if (what.json) print(report::restore_json(chosen->sweep, wanted, {}));
    co_return can_do_something(wanted) ? done : short_of_goal;
  }
  if (will_ask && !ask("Bring these back?")) {
    note("Nothing was changed.");
    co_return short_of_goal;
  }
  auto running = run(with, engine->id, engine->store, *std::move(chosen), std::move(wanted), std::move(what));
  co_return co_await std::move(running);
}

}  // namespace

int execute(const global_options& global, const restore_command& what) {
  const session_options options{.auth_file = what.auth_file};
  return in_session(global, [&what](session& with) { return restore(with, what); }, options);
}

}  // namespace docksweep::cli
