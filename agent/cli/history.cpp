// `docksweep history`: what was removed, when, by which policy, how many bytes, and whether it can come back.
#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cli/commands.hpp"
#include "cli/planning.hpp"
#include "cli/terminal.hpp"
#include "report/history_text.hpp"
#include "report/moment.hpp"
#include "report/sweep_json.hpp"

namespace docksweep::cli {
namespace {

using boost::asio::experimental::awaitable_operators::operator||;

// The record is there without an engine, too; only whether an image can come back depends on its image store.
constexpr std::chrono::seconds engine_patience{2};

app::task<void> wait_for(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

// Without an engine the store of which less is known to come back.
app::task<core::image_store> image_store_of(session& with) {
  auto first = with.engine->identify() || wait_for(engine_patience);
  auto outcome = co_await std::move(first);
  const auto* answer = std::get_if<0>(&outcome);
  co_return answer != nullptr && *answer ? (*answer)->store : core::image_store::containerd;
}

core::result<app::history_query> query_of(const history_command& what) {
  app::history_query query;
  query.sweep_id = what.sweep;
  query.policy = what.policy;
  query.sweeps_at_most = static_cast<std::size_t>(what.limit);
  query.with_removals = true;
  if (what.since.empty()) return query;
  const auto since = report::parse_since(what.since, std::chrono::system_clock::now());
  if (!since) return core::fail(core::failure_code::invalid, "--since: " + since.error().message);
  query.since = *since;
  return query;
}

std::string as_json(const app::history_page& page, const std::optional<core::pause_state>& paused,
                    core::image_store store) {
  std::string text;
  report::write_history([&text](std::string_view piece) { text += piece; }, page.sweeps, page.removals, paused, store);
  return text += "\n";
}

std::string for_people(const app::history_page& page, const history_command& what, core::image_store store) {
  const report::history_style style{
      .table = {.width = output_width(), .no_trunc = what.no_trunc, .colour = output_colour()},
      .now = std::chrono::system_clock::now(),
      .store = store};
  if (what.sweep) return report::sweep_text(page.sweeps.front(), page.removals, style);
  if (page.sweeps.empty() && page.removals.empty()) return "Nothing is on record.\n";
  return report::history_text(page.sweeps, page.removals, style);
}

app::task<int> show_history(session& with, history_command what) {
  const auto query = query_of(what);
  if (!query) {
    complain(query.error().message);
    co_return bad_usage;
  }
  if (with.memory == nullptr || !with.memory->durable()) {
    complain(fmt::format("there is no record to be read: {}", with.log->why()));
    co_return failed;
  }
  auto page = co_await with.memory->load_history(*query);
  if (!page) {
    complain(page.error().message);
    co_return failed;
  }
  if (what.sweep && page->sweeps.empty()) {
    complain(fmt::format("there is no sweep {} on record", *what.sweep));
    co_return failed;
  }
  std::string text;
  if (what.quiet) {
    for (const auto& sweep : page->sweeps) text += fmt::format("{}\n", sweep.id);
    co_return print(text) ? done : failed;
  }
  const auto store = co_await image_store_of(with);
  const auto paused = co_await with.memory->load_pause();
  const bool is_paused = paused && core::is_paused(*paused, std::chrono::system_clock::now());
  text = what.json ? as_json(*page, is_paused ? *paused : std::nullopt, store) : for_people(*page, what, store);
  const bool printed = print(text);
  if (!what.json) co_await say_if_paused(with);
  co_return printed ? done : failed;
}

}  // namespace

int execute(const global_options& global, const history_command& what) {
  return in_session(global, [&what](session& with) { return show_history(with, what); });
}

}  // namespace docksweep::cli
