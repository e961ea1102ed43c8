// `docksweep metrics`: one collection for node_exporter's textfile collector.
#include <prometheus/metric_type.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/local_disks.hpp"
#include "cli/node_reader.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "cli/whole_file.hpp"
#include "config/effective.hpp"
#include "report/exposition.hpp"
#include "report/node_metrics.hpp"

namespace docksweep::cli {
namespace {

constexpr std::chrono::seconds disk_patience{60};

// What this process counted while it lived for a second is nobody's rate: only what says how things stand is written.
std::vector<prometheus::MetricFamily> own_families(session& with) {
  with.counts->config_loaded(with.configuration.values.hash, std::chrono::system_clock::now());
  with.counts->set_enforcing(with.configuration.values.mode == core::mode::enforce);
  with.counts->set_state_durable(with.memory != nullptr && with.memory->durable());
  auto families = with.counts->families();
  std::erase_if(families, [](const auto& family) { return family.type != prometheus::MetricType::Gauge; });
  return families;
}

std::string page(session& with, const report::node_state& state, const std::string& containerd_root) {
  const auto& settings = with.configuration.values;
  auto families =
      report::node_families(state, {.resync = settings.inventory.resync,
                                    .disk_usage = settings.inventory.disk_usage,
                                    .per_image = static_cast<std::size_t>(std::max(0, settings.metrics.per_image)),
                                    .containerd_root = containerd_root});
  for (auto& family : own_families(with)) families.push_back(std::move(family));
  std::string text;
  report::write_families(text, families, report::exposition_format::text_0_0_4);
  return text;
}

app::task<int> collect(session& with, metrics_command what) {
  report::node_state state;
  std::string containerd_root;
  node_reader reader(*with.engine, with.memory.get());
  const reading_wish wish{.layers = true,
                          .disk_at_most_old = 2 * with.configuration.values.inventory.disk_usage,
                          .disk_patience = disk_patience};
  auto read = co_await reader.read(wish);
  core::engine_identity engine;
  if (read) {
    state.view = read->view;
    state.engine_up = true;
    state.engine_absent = false;
    state.last_success = read->view->what().complete_at;
    engine = read->view->what().engine;
  } else {
    // The file is written all the same: with engine_up 0, instead of yesterday's figures.
    complain(read.error().message);
    bool found_before = false;
    if (with.memory != nullptr) {
      const auto known = co_await with.memory->knows_an_engine();
      found_before = known.value_or(false);
    }
    state.engine_absent = !found_before && read.error().code == core::failure_code::unreachable;
  }
  auto disks = co_await measure_disks(with, std::move(engine));
  state.file_systems = std::move(disks.found);
  const auto text = page(with, state, disks.containerd_root);
  bool written = true;
  if (what.output.empty()) {
    written = print(text);
  } else if (const auto replaced = replace_file(what.output, text); !replaced) {
    complain(replaced.error().message);
    written = false;
  }
  co_return read&& written ? done : failed;
}

}  // namespace

int execute(const global_options& global, const metrics_command& what) {
  return in_session(global, [&what](session& with) { return collect(with, what); });
}

}  // namespace docksweep::cli
