#include "cli/planning.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.hpp"
#include "report/history_text.hpp"

namespace docksweep::cli {
namespace {

// A build cache that shares layers with images changes what they free: an answer as old as this still tells whether
// there is one, and a slow engine is not waited for longer than this.
constexpr std::chrono::hours disk_at_most_old{1};
constexpr std::chrono::seconds disk_patience{10};

// Important on a fresh machine, where a plan would else show nothing and puzzle people.
std::string new_usage(const core::keep_rules& keep) {
  if (keep.min_age.count() == 0) return "every image counts as used just now";
  return fmt::format("every image counts as used just now, and min_age ({}) keeps it",
                     core::print_duration(keep.min_age));
}

// The books as an agent keeps them, brought up to this view; what they do not know counts as used now.
app::task<void> read_usage(session& with, node_facts& facts) {
  const auto now = std::chrono::system_clock::now();
  const auto& engine = facts.read.view->what().engine.id;
  const auto as_new = new_usage(with.configuration.values.keep);
  bool watched = false;
  if (with.memory != nullptr && with.memory->durable()) {
    auto images = co_await with.memory->load_image_use(engine);
    auto volumes = co_await with.memory->load_volume_use(engine);
    if (images) {
      watched = !images->empty();
      facts.usage.images.load(*std::move(images), now);
    } else {
      facts.why_usage_is_new =
          fmt::format("The record of last use cannot be read, so {}: {}", as_new, images.error().message);
    }
    if (volumes) facts.usage.volumes.load(*std::move(volumes), now);
    if (!watched && facts.why_usage_is_new.empty())
      facts.why_usage_is_new = fmt::format("No agent has watched this node yet: {}.", as_new);
  } else {
    const auto& path = with.configuration.values.state.path;
    facts.why_usage_is_new =
        fmt::format("No agent's record is to be read at {} (none has run, or this user may not), so {}.", path, as_new);
  }
  facts.usage.images.look_at_images(*facts.read.view, now);
  facts.usage.volumes.look_at_volumes(*facts.read.view, now);
}

}  // namespace

app::task<core::result<std::unique_ptr<node_facts>>> read_node(session& with, planning_wish wish) {
  auto facts = std::make_unique<node_facts>(*with.engine);
  node_reader reader(*with.engine, with.memory.get());
  const reading_wish all{.layers = true, .disk_at_most_old = disk_at_most_old, .disk_patience = disk_patience};
  auto read = co_await reader.read(all);
  if (!read) co_return std::unexpected(std::move(read).error());
  facts->read = *std::move(read);
  co_await read_usage(with, *facts);
  if (wish.containers) facts->unread_containers = co_await facts->stopped.read(*facts->read.view);
  if (wish.disks) facts->disks = co_await measure_disks(with, facts->read.view->what().engine);
  co_return core::result<std::unique_ptr<node_facts>>(std::move(facts));
}

void say_what_is_unknown(const node_facts& facts, bool uses) {
  const auto& read = facts.read;
  if (uses && !facts.why_usage_is_new.empty()) note(facts.why_usage_is_new);
  if (read.unknown_layers > 0) {
    note(fmt::format("The layers of {} image{} could not be read, so what is freed is a range: {}", read.unknown_layers,
                     read.unknown_layers == 1 ? "" : "s", read.layers_problem));
  }
  if (!read.disk_problem.empty()) {
    note(fmt::format("What the build cache shares with images is unknown, so what is freed is \"at most\": {}",
                     read.disk_problem));
  }
  if (facts.unread_containers > 0) {
    note(fmt::format("{} stopped container{} could not be inspected: unreadable, so kept", facts.unread_containers,
                     facts.unread_containers == 1 ? "" : "s"));
  }
  for (const auto& problem : facts.disks.problems) note(fmt::format("Not measured: {}", problem));
}

const core::policy* policy_or_complain(const config::settings& settings, std::string_view name) {
  const auto found = std::ranges::find(settings.policies, name, &core::policy::name);
  if (found != settings.policies.end()) return &*found;
  std::string names;
  for (const auto& one : settings.policies) names += (names.empty() ? "" : ", ") + one.name;
  complain(
      names.empty()
          ? fmt::format("there is no policy '{}': the configuration has none ('docksweep init' shows examples)", name)
          : fmt::format("there is no policy '{}'; there are {}", name, names));
  return nullptr;
}

app::task<void> say_if_paused(session& with) {
  if (with.memory == nullptr) co_return;
  const auto now = std::chrono::system_clock::now();
  const auto pause = co_await with.memory->load_pause();
  if (pause && core::is_paused(*pause, now)) note(fmt::format("Removals are {}.", report::pause_text(**pause, now)));
}

app::task<bool> complain_if_paused(session& with) {
  const auto now = std::chrono::system_clock::now();
  const auto pause = co_await with.memory->load_pause();
  if (!pause || !core::is_paused(*pause, now)) co_return false;
  complain(fmt::format("nothing was removed: removals are {}; 'docksweep resume' ends that",
                       report::pause_text(**pause, now)));
  co_return true;
}

}  // namespace docksweep::cli
