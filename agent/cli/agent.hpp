// The agent: watches the engine, sweeps by policy, serves what it knows, and takes over a changed configuration while
// it runs.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/archive.hpp"
#include "app/disks.hpp"
#include "app/history.hpp"
#include "app/remover.hpp"
#include "app/triggers.hpp"
#include "app/wake_up.hpp"
#include "app/watcher.hpp"
#include "cli/changed_file.hpp"
#include "cli/service_manager.hpp"
#include "cli/stderr_log.hpp"
#include "cli/task_group.hpp"
#include "config/settings.hpp"
#include "net/endpoint.hpp"
#include "report/exposition_cache.hpp"
#include "report/sweep_counts.hpp"
#include "report/telemetry.hpp"
#include "web/handlers.hpp"
#include "web/server.hpp"

namespace docksweep::cli {

// An engine to talk to; made anew when a reloaded configuration names another one.
struct chosen_engine {
  net::endpoint where;
  std::string source;  // who said so: "engine.host", "DOCKER_HOST", …
  std::unique_ptr<app::container_engine> engine;
};

// What the agent is made of; run.cpp puts it together. All references outlive the agent.
struct agent_parts {
  std::string config_file;  // watched; empty: not
  std::function<core::result<config::settings>()> load_settings;
  std::function<core::result<chosen_engine>(const config::settings&)> choose_engine;
  app::state& memory;
  app::disks& disks;
  app::image_archive& archive;
  stderr_log& log;
  report::prometheus_telemetry& counts;
  report::sweep_counts& sweeps;
  service_manager manager;
  std::string host_name;
  std::vector<int> inherited_listeners;  // of systemd's socket activation
};

class agent {
 public:
  agent(boost::asio::any_io_executor executor, agent_parts parts, config::settings settings);
  ~agent();

  // Runs until SIGTERM or SIGINT, then ends everything, the removal in hand first (60 s at most); a second such signal
  // ends the process at once. Fails when an address cannot be listened on (`invalid`), or the engine's address makes no
  // sense.
  app::task<core::result<void>> run();

 private:
  struct engine_side;

  core::result<void> begin();
  core::result<std::shared_ptr<engine_side>> make_engine_side(const config::settings& settings);
  app::task<void> until_told_to_end();
  app::task<void> follow_engine();
  app::task<void> until_another_engine();
  std::vector<std::string> paths_to_watch();
  app::task<void> watch_configuration();
  app::task<void> reload_on_signal();
  app::task<void> keep_memory_low();
  app::task<void> feed_watchdog();
  app::task<void> poll_alerts();
  app::task<void> ask_alertmanagers(config::alertmanager_settings where);
  app::task<void> until_others_are_asked();

  core::result<void> reload(std::string_view asked_by);
  core::result<void> take_over(config::settings fresh);
  static std::vector<changed_file> web_files_of(const config::web_settings& web);
  void follow_web_files();
  void say_what_needs_a_restart(const config::settings& fresh);
  void say_what_no_alert_starts();
  void say_what_keeps_policies_from_enforcing();

  web::content_source content();
  web::server_options web_options(const config::settings& settings) const;
  std::uint64_t engine_revision() const;
  std::uint64_t state_revision() const;
  std::vector<prometheus::MetricFamily> state_families() const;
  bool no_engine_on_this_node() const;
  std::string not_ready() const;
  std::shared_ptr<const std::string> inventory_json();
  app::task<web::page_figures> page(web::page_request asked);
  app::task<std::vector<web::page_policy>> page_policies();
  std::shared_ptr<const web::page_node> page_node(const web::page_policy* shown);
  app::task<core::result<std::string>> plan_json(std::string policy);
  app::task<core::result<std::string>> history_json(web::history_request what);
  app::task<core::result<void>> take_polled(std::string policy, std::vector<core::alert> active);
  app::task<core::result<std::vector<web::alert_answer>>> take_alerts(core::alert_batch batch);
  app::task<web::sweep_answer> sweep_by_request(std::string policy, bool dry_run, std::string actor);
  app::task<core::result<std::string>> one_sweep_json(std::int64_t id);

  boost::asio::any_io_executor executor_;
  agent_parts parts_;
  config::settings settings_;
  changed_file config_file_;
  bool config_bad_ = false;              // the newest one was rejected
  std::vector<changed_file> web_files_;  // certificates, keys and tokens of the web server
  std::string web_files_problem_;        // why those on disk are not in force; empty: they are
  boost::asio::signal_set ending_, reloading_;
  task_group loops_;
  std::shared_ptr<engine_side> engine_, next_engine_;
  app::wake_up engine_changed_, alertmanagers_changed_;
  std::uint64_t past_revisions_ = 1;
  std::uint64_t own_revision_ = 0;  // of the settings, and of what paths_to_watch found
  std::string containerd_root_;
  std::string unseen_disk_;
  bool stopping_ = false;
  std::string why_ending_ = "the agent ends";
  std::shared_ptr<const std::string> inventory_json_;
  std::uint64_t inventory_revision_ = 0;
  // The node as the page shows it, with one plan's verdicts: made anew for another view, plan or use.
  struct {
    std::shared_ptr<const web::page_node> node;
    std::uint64_t revision = 0;
    std::shared_ptr<const core::plan> plan;
  } page_;
  // What could go where no policy is configured.
  std::shared_ptr<const core::plan> everything_unused_;
  std::uint64_t everything_unused_revision_ = 0;
  report::exposition_cache metrics_;
  std::unique_ptr<web::server> server_;
};

}  // namespace docksweep::cli
