// `docksweep pause` and `docksweep resume`: the stop button.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/sweep_runner.hpp"
#include "cli/terminal.hpp"
#include "report/history_text.hpp"

namespace docksweep::cli {
namespace {

std::string sentence(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

app::task<int> pause(session& with, pause_command what) {
  if (!open_to_write(with)) co_return failed;
  const auto now = std::chrono::system_clock::now();
  core::pause_state wanted{.since = now, .until = std::nullopt, .reason = sentence(what.reason), .actor = actor()};
  if (what.span) wanted.until = now + *what.span;
  const std::optional<core::pause_state> state(wanted);
  const auto saved = co_await with.memory->save_pause(state);
  if (!saved) {
    complain(saved.error().message);
    co_return failed;
  }
  co_return print(fmt::format("Removals are {}.\n", report::pause_text(wanted, now))) ? done : failed;
}

app::task<int> resume(session& with) {
  if (!open_to_write(with)) co_return failed;
  const auto before = co_await with.memory->load_pause();
  const std::optional<core::pause_state> none;
  const auto saved = co_await with.memory->save_pause(none);
  if (!saved) {
    complain(saved.error().message);
    co_return failed;
  }
  const bool was = before && core::is_paused(*before, std::chrono::system_clock::now());
  co_return print(was ? "Removals go on.\n" : "Removals were not paused.\n") ? done : failed;
}

}  // namespace

int execute(const global_options& global, const pause_command& what) {
  return in_session(global, [&what](session& with) { return pause(with, what); });
}

int execute(const global_options& global, const resume_command&) {
  return in_session(global, [](session& with) { return resume(with); });
}

}  // namespace docksweep::cli
