#include "cli/sweep_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <unordered_map>

#include "app/sweeper.hpp"
#include "cli/sweep_progress.hpp"
#include "cli/terminal.hpp"
#include "report/history_text.hpp"
#include "report/human.hpp"
#include "report/plan_parts.hpp"
#include "report/plan_text.hpp"
#include "report/sweep_counts.hpp"
#include "report/sweep_json.hpp"

namespace docksweep::cli {
namespace {

using removal_list = std::vector<core::removal_record>;

const char* name_of_signal(int number) {
  return number == SIGINT ? "Ctrl-C" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

// The first signal stops the sweep after the removal in hand; the next one does what it does to any process.
class stop_on_signal {
 public:
  stop_on_signal(boost::asio::any_io_executor executor, app::sweeper& sweep, sweep_display& display)
      : signals_(std::move(executor), SIGINT, SIGTERM, SIGHUP) {
    signals_.async_wait([this, &sweep, &display](boost::system::error_code error, int number) {
      if (error) return;
      signals_.clear();  // before it is promised
      display.say("Stopping when the removal in hand has ended (60 s at most); once more to end at once.");
      sweep.stop(name_of_signal(number));
    });
  }

 private:
  boost::asio::signal_set signals_;
};

// What went, as the other commands take it.
std::string names_of(const removal_list& removals) {
  std::string text;
  for (const auto& one : removals) {
    if (one.outcome != core::removal_outcome::removed) continue;
    const bool by_name = one.kind != core::target_kind::image && !one.references.empty();
    const auto& word = by_name ? one.references.front() : one.object_id;
    if (!word.empty()) text += word + "\n";
  }
  return text;
}

int status_of(const core::sweep_record& sweep, const removal_list& removals, bool has_goal) {
  using outcome = core::removal_outcome;
  if (sweep.outcome == core::sweep_outcome::failed) return failed;
  if (sweep.outcome != core::sweep_outcome::reached) return short_of_goal;
  if (has_goal) return done;
  // Without a goal the whole selection was to go.
  const auto ended = [&removals](auto... as) {
    return std::ranges::any_of(removals, [=](const auto& one) { return ((one.outcome == as) || ...); });
  };
  if (ended(outcome::failed, outcome::unknown)) return failed;
  // A policy takes what it can get; what was named was to go.
  return sweep.policy.empty() && ended(outcome::kept, outcome::refused, outcome::skipped) ? short_of_goal : done;
}

// As the record has them: the truth, skipped ones included.
app::task<removal_list> removals_of(session& with, std::int64_t sweep_id) {
  const app::history_query query{.engine_id = {},
                                 .sweep_id = sweep_id,
                                 .since = std::nullopt,
                                 .policy = {},
                                 .sweeps_at_most = 1,
                                 .with_removals = true};
  auto page = co_await with.memory->load_history(query);
  if (!page) {
    complain(page.error().message);
    co_return removal_list{};
  }
  co_return std::move(page->removals);
}

// Cooldown counts from the end of any run.
app::task<void> remember_run(session& with, const core::sweep_record& sweep) {
  if (sweep.policy.empty()) co_return;
  auto known = co_await with.memory->load_policies(sweep.engine_id);
  core::policy_memory memory;
  if (known && known->contains(sweep.policy)) memory = known->at(sweep.policy);
  memory.policy = sweep.policy;
  memory.last_began = sweep.began;
  memory.last_ended = sweep.ended;
  if (sweep.outcome == core::sweep_outcome::reached) memory.last_success = sweep.ended;
  const auto saved = co_await with.memory->save_policy(sweep.engine_id, memory);
  if (!saved) complain(saved.error().message);
}

std::vector<std::string> paths_of(const node_facts& node) {
  std::vector<std::string> paths;
  for (const auto& one : node.disks.found) paths.push_back(one.path);
  return paths;
}

app::sweep_request request_of(const sweep_order& order) {
  app::sweep_request request;
  request.policy = order.policy;
  request.plan = order.plan;
  request.node = order.node.read.view;
  request.usage = &order.node.usage;
  request.stopped = &order.node.stopped.known();
  request.watched_paths = paths_of(order.node);
  request.trigger = core::sweep_trigger::manual;
  request.actor = actor();
  request.cause = "by hand";
  request.enforce = true;
  return request;
}

using use_times = std::unordered_map<std::string, core::instant>;

use_times times_of(core::result<std::vector<core::use_record>> read) {
  use_times times;
  if (!read) return times;
  for (auto& one : *read) times.emplace(std::move(one.id), one.last_used);
  return times;
}

// What an agent has put on record while the question waited for its answer. Compared with what the plan knew: what was
// used shortly before the plan may have come to the record after it.
app::task<void> tell_later_use(session& with, const sweep_order& order, app::sweep_request& request) {
  const auto& engine = order.node.read.view->what().engine.id;
  auto reading_images = with.memory->load_image_use(engine);
  auto images = co_await std::move(reading_images);
  auto reading_volumes = with.memory->load_volume_use(engine);
  auto volumes = co_await std::move(reading_volumes);
  if (!images) complain("which images were used since the plan was made cannot be read: " + images.error().message);
  auto image_times = times_of(std::move(images));
  auto volume_times = times_of(std::move(volumes));
  request.used_since = [&order, image_times = std::move(image_times),
                        volume_times = std::move(volume_times)](const core::plan_step& step) {
    const bool volume = step.kind == core::target_kind::volume;
    const auto& times = volume ? volume_times : image_times;
    const auto now = times.find(step.id);
    if (now == times.end()) return false;
    const auto* known = (volume ? order.node.usage.volumes : order.node.usage.images).find(step.id);
    return now->second > (known != nullptr ? known->last_used : order.plan.made_at);
  };
}

app::task<int> refused(const sweep_order& order, const app::sweep_refusal& why) {
  if (order.json) print(order_json(order, nullptr, {}, why.message));
  complain("nothing was removed: " + why.message);
  co_return why.is_fault ? failed : short_of_goal;
}

app::task<int> sweep_now(session& with, const sweep_order& order) {
  using form = sweep_display::form;
  report::sweep_counts counts;
  app::sweeper sweep(*with.engine, *with.memory, *with.disks, *with.archive, counts, *with.log);
  std::optional<std::expected<core::sweep_record, app::sweep_refusal>> outcome;
  {
    sweep_display display(order.quiet ? form::nothing : progress_wanted() ? form::bar : form::lines);
    const auto executor = co_await boost::asio::this_coro::executor;
    const stop_on_signal stopping(executor, sweep, display);
    auto request = request_of(order);
    auto reading = tell_later_use(with, order, request);
    co_await std::move(reading);
    auto running = sweep.run(std::move(request), display.observer());
    outcome = co_await std::move(running);
  }
  if (!*outcome) {
    auto refusal = refused(order, outcome->error());
    co_return co_await std::move(refusal);
  }
  const auto& record = **outcome;
  auto reading = removals_of(with, record.id);
  const auto removals = co_await std::move(reading);
  auto remembering = remember_run(with, record);
  co_await std::move(remembering);
  const bool printed = print(order.json    ? order_json(order, &record, removals, {})
                             : order.quiet ? names_of(removals)
                                           : report::sweep_summary(record, removals));
  co_return printed ? status_of(record, removals, !order.plan.goals.empty()) : failed;
}

std::string question(const core::plan& plan) {
  const auto count = plan.steps.size();
  return fmt::format("Remove {}, {} in all?", count == 1 ? "this" : fmt::format("these {}", count),
                     report::human_bytes(plan.freed()));
}

}  // namespace

bool show_order(const sweep_order& order) {
  const bool for_program = order.json || order.quiet;
  const auto now = std::chrono::system_clock::now();
  const report::table_style style{.width = for_program ? error_width() : output_width(),
                                  .no_trunc = order.no_trunc,
                                  .colour = !for_program && output_colour()};
  const auto text = report::plan_text(order.plan, *order.node.read.view, order.title, {.table = style, .now = now});
  if (!for_program) return print(text);
  note_raw(text);
  return true;
}

std::string order_json(const sweep_order& order, const core::sweep_record* sweep, const removal_list& removals,
                       const std::string& refused) {
  std::string text = R"({"plan":)";
  const report::json_sink sink = [&text](std::string_view piece) { text += piece; };
  report::write_plan(sink, order.plan, *order.node.read.view);
  text += R"(,"sweep":)";
  if (sweep != nullptr) report::write_sweep(sink, *sweep, removals, order.node.read.view->what().engine.store);
  if (sweep == nullptr) text += "null";
  text += R"(,"refused":)";
  report::write_text(sink, refused);
  return text += "}\n";
}

app::task<int> run_order(session& with, sweep_order order) {
  const bool will_ask = !order.yes && !order.plan.steps.empty();
  if (!order.json && !order.quiet && !show_order(order)) co_return failed;
  if ((order.json || order.quiet) && will_ask) show_order(order);
  if (!order.quiet) say_what_is_unknown(order.node);
  if (order.plan.steps.empty()) {
    if (order.json) print(order_json(order, nullptr, {}, {}));
    co_return report::falls_short(order.plan) ? short_of_goal : done;
  }
  if (will_ask && !ask(question(order.plan))) {
    if (order.json) print(order_json(order, nullptr, {}, "the answer was no"));
    note("Nothing was removed.");
    co_return short_of_goal;
  }
  auto sweeping = sweep_now(with, order);
  co_return co_await std::move(sweeping);
}

}  // namespace docksweep::cli
