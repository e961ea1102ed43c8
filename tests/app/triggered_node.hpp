// A node that triggers run on: a fake engine that is changed by removals, disks and clocks that tests set; watcher, last
// use, planner, sweeper and the SQLite state are the real ones. Times of looks are short and real.
#pragma once

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/fake_archive.hpp"
#include "app/fakes.hpp"
#include "app/triggers.hpp"
#include "store/sqlite_store.hpp"
#include "support/run_task.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::test {

// Reads from a fake_engine; removals change what that holds, and are told by its events.
class changing_engine final : public app::container_engine {
 public:
  explicit changing_engine(fake_engine& what) : held(what) {}
  fake_engine& held;
  std::vector<std::string> removed;         // names, in order
  bool refuses = false;                     // removals: in use
  bool tells_of_removals = true;            // by its events
  std::set<std::string> in_registry;        // digests
  milliseconds removal_takes{0};
  std::function<void()> on_removal;         // when one begins

  app::task<core::result<core::engine_identity>> identify() override { return held.identify(); }
  app::task<core::result<void>> check_answers() override { return held.check_answers(); }
  app::task<core::result<void>> check_lists() override { return held.check_lists(); }
  app::task<core::result<core::listing<core::image>>> list_images(app::engine_filters filters) override {
    return held.list_images(std::move(filters));
  }
  app::task<core::result<std::optional<core::image>>> find_image(std::string name) override {
    return held.find_image(std::move(name));
  }
  app::task<core::result<core::image_details>> image_details(std::string id) override {
    return held.image_details(std::move(id));
  }
  app::task<core::result<core::listing<core::container>>> list_containers(app::engine_filters filters,
                                                                          bool with_sizes) override {
    return held.list_containers(std::move(filters), with_sizes);
  }
  app::task<core::result<std::optional<core::container>>> find_container(std::string id) override {
    return held.find_container(std::move(id));
  }
  app::task<core::result<core::disk_usage>> disk_usage() override { return held.disk_usage(); }
  app::task<core::failure> follow_events(std::function<void()> on_open,
                                         std::function<void(const core::engine_event&)> on_event) override {
    return held.follow_events(std::move(on_open), std::move(on_event));
  }

  app::task<core::result<app::image_removal>> remove_image(std::string name) override {
    if (on_removal) on_removal();
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, removal_takes);
    co_await timer.async_wait(boost::asio::use_awaitable);
    if (refuses) co_return core::fail(core::failure_code::conflict, "image is being used by running container", 409);
    app::image_removal answer;
    for (auto& [id, image] : held.images) {
      const bool by_tag = std::erase(image.tags, name) > 0;
      if (!by_tag && id != name) continue;
      removed.push_back(name);
      answer.untagged.push_back(name);
      const std::string gone = id;
      if (image.tags.empty()) {
        answer.deleted = {gone};
        held.images.erase(gone);
        if (tells_of_removals) held.send(image_event("delete", gone));
      } else {
        held.send(image_event("untag", gone, name));
      }
      co_return core::result<app::image_removal>(std::move(answer));
    }
    co_return core::fail(core::failure_code::not_found, "No such image: " + name, 404);
  }
  app::task<core::result<void>> remove_container(std::string id) override {
    held.containers.erase(id);
    held.send(container_event("destroy", id));
    removed.push_back(id);
    co_return core::result<void>();
  }
  app::task<core::result<core::byte_count>> prune_build_cache(core::byte_count) override { co_return 0; }
  app::task<core::result<void>> remove_volume(std::string) override { co_return core::result<void>(); }
  app::task<core::result<void>> tag_image(std::string, std::string) override { co_return core::result<void>(); }
  app::task<core::result<std::optional<core::container_details>>> container_details(std::string) override {
    co_return std::optional<core::container_details>();
  }
  app::task<core::result<core::listing<core::container>>> holders_of_image(std::string id) override {
    core::listing<core::container> all;
    for (const auto& [key, one] : held.containers) {
      if (one.image_id == id) all.items.push_back(one);
    }
    co_return all;
  }
  app::task<core::result<core::listing<core::container>>> holders_of_volume(std::string) override {
    co_return core::listing<core::container>();
  }

  app::task<core::result<app::pulled_image>> pull_image(app::pull_request, app::progress_sink) override {
    co_return not_here();
  }
  app::task<core::result<bool>> registry_has(std::string, std::string digest) override {
    co_return in_registry.contains(digest);
  }
  app::task<core::result<std::optional<std::string>>> registry_digest(std::string, std::string) override {
    co_return not_here();
  }
  app::task<core::result<core::byte_count>> save_image(std::string, app::piece_consumer) override {
    co_return not_here();
  }
  app::task<core::result<std::vector<std::string>>> load_images(app::piece_source) override { co_return not_here(); }

 private:
  static std::unexpected<core::failure> not_here() {
    return core::fail(core::failure_code::refused, "not by a trigger");
  }
};

class set_disks final : public app::disks {
 public:
  std::map<std::string, double> used{{"/data", 0.5}};  // ratio, by path
  int measured = 0;                                    // calls: some in every look
  app::task<core::result<core::file_system>> measure(std::string path) override {
    ++measured;
    const auto at = used.find(path);
    if (at == used.end()) co_return core::fail(core::failure_code::unreachable, "no such path: " + path);
    core::file_system disk;
    disk.path = path;
    disk.size_bytes = 1'000'000;
    disk.avail_bytes = disk.free_bytes = static_cast<core::byte_count>(1'000'000 * (1 - at->second) + 0.5);
    co_return disk;
  }
};

// Every figure by "policy reason".
class kept_counts final : public app::sweep_telemetry {
 public:
  std::map<std::string, int> skipped, missed;
  std::vector<core::sweep_record> ended;
  int removals = 0;
  void sweep_began(std::string_view, core::sweep_trigger) override {}
  void sweep_ended(const core::sweep_record& sweep, std::chrono::nanoseconds) override { ended.push_back(sweep); }
  void sweep_skipped(std::string_view policy, app::skip_reason why) override {
    ++skipped[std::string(policy) + " " + std::string(app::to_string(why))];
  }
  void schedule_missed(std::string_view policy) override { ++missed[std::string(policy)]; }
  void removed(std::string_view, core::target_kind) override { ++removals; }
  void removal_failed(app::removal_failure) override {}
  void bytes(core::target_kind, core::byte_count, core::byte_count) override {}
  void regret(std::string_view, core::byte_count) override {}
  void shadow_regret(std::string_view) override {}
  void foreign_removal(std::int64_t) override {}
  void restored(std::int64_t) override {}
};

class kept_alert_counts final : public app::alert_telemetry {
 public:
  std::map<std::string, int> received, rejected;  // "webhook firing"; reason
  int requests = 0, failures = 0;
  void alert_received(core::alert_source source, bool firing) override {
    ++received[std::string(core::to_string(source)) + (firing ? " firing" : " resolved")];
  }
  void alert_rejected(app::alert_rejection why) override { ++rejected[std::string(app::to_string(why))]; }
  void alertmanager_request(bool failed) override {
    ++requests;
    failures += failed ? 1 : 0;
  }
};

class triggered_node : public testing::Test {
 protected:
  triggered_node() {
    options.settle = milliseconds(0);
    options.look = milliseconds(5);
    options.look_at_others = milliseconds(5);
    options.plans_every = milliseconds(5);
    options.resync = std::chrono::hours(100'000);  // clocks are moved by hours here
    watching.settle_events = milliseconds(1);
    watching.reconnect_least = milliseconds(5);
    watching.reconnect_most = milliseconds(20);
  }
  ~triggered_node() override { stop(); }

  void add_image(int number, std::vector<std::string> tags = {}) {
    core::image image;
    image.id = image_id(number);
    image.tags = std::move(tags);
    image.size = 100;
    held.images[image.id] = image;
    core::image_details details;
    details.id = image.id;
    details.diff_ids = details.chain_ids = {"sha256:" + std::string(50, 'd') + image.id.substr(57)};
    details.history_sizes = {100};
    details.has_history = true;
    held.details[image.id] = details;
    if (held.stream_open()) held.send(image_event("pull", image.id));
  }
  // Removes every dangling image when there is more than one of them, at once; tests change what they need.
  static core::policy dangling_policy(std::string name = "pressure") {
    core::policy policy;
    policy.name = std::move(name);
    policy.mode = core::mode::enforce;
    policy.when.quantities = {{core::quantity::dangling, 1}};
    policy.when.hold = milliseconds(0);
    policy.remove.images = core::image_selection{.only_dangling = true};
    policy.keep.min_age = milliseconds(0);
    return policy;
  }
  static core::policy scheduled_policy(const char* expression, std::string name = "nightly") {
    auto policy = dangling_policy(std::move(name));
    policy.when.quantities.clear();
    policy.when.schedule = *core::cron::parse(expression);
    return policy;
  }

  void start() {
    ended = false;
    if (state == nullptr) open_state();
    watch = std::make_unique<app::watcher>(context.get_executor(), engine, *state, telemetry, log, watching);
    usage = std::make_unique<app::usage_tracker>(context.get_executor(), *state, counts, log, clocks());
    app::sweeper_options sweeping;
    sweeping.lag = milliseconds(1);
    sweeping.now = clocks().wall;
    sweeps = std::make_unique<app::sweeper>(engine, *state, disks, archive, counts, log, sweeping);
    app::triggers::parts parts{.node = *watch,
                               .engine = engine,
                               .record = *state,
                               .file_systems = disks,
                               .usage = *usage,
                               .sweeps = *sweeps,
                               .counts = counts,
                               .alerts = *state,
                               .alert_counts = alert_counts,
                               .log = log,
                               .time = clocks(),
                               .durable = durable,
                               .watched_paths = [this] {
                                 std::vector<std::string> paths;
                                 for (const auto& [path, used] : disks.used) paths.push_back(path);
                                 return paths;
                               }};
    triggers = std::make_unique<app::triggers>(context.get_executor(), std::move(parts), policies, keep, options);
    watch->tell({.on_engine =
                     [this](const core::engine_identity& who) {
                       usage->follow(who.id);
                       triggers->view_changed();
                     },
                 .on_event =
                     [this](const core::engine_event& event) {
                       usage->on_event(event);
                       triggers->on_event(event);
                     },
                 .on_view =
                     [this](std::shared_ptr<const core::view> view) {
                       usage->on_view(std::move(view));
                       triggers->view_changed();
                     }});
    boost::asio::co_spawn(context, all(),
                          boost::asio::bind_cancellation_slot(stopping.slot(), [this](std::exception_ptr fault) {
                            ended = true;
                            failed = fault;
                          }));
  }
  void stop() {
    if (ended) return;
    stopping.emit(boost::asio::cancellation_type::all);
    EXPECT_TRUE(run_until([&] { return ended; }));
    EXPECT_TRUE(failed == nullptr);
    triggers.reset();
    sweeps.reset();
    usage.reset();
    watch.reset();
  }
  void open_state() { state = another_process(); }
  // As another process has it: a store of its own on the same file.
  std::unique_ptr<app::state> another_process() {
    auto made = store::make_sqlite_store(folder.file("state.db"), store::open_mode::read_write, log);
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
  }

  // Runs the loop until `done`. The limit is for a machine that is busy with something else.
  template <typename Condition>
  bool run_until(Condition done, milliseconds limit = std::chrono::seconds(40)) {
    const auto until = clock::now() + limit;
    while (!done()) {
      if (clock::now() >= until) return false;
      context.restart();
      context.run_one_for(milliseconds(5));
    }
    return true;
  }
  // Until the node is known, and the triggers have looked since: times count from when they saw it.
  bool run_until_seen() {
    if (!run_until([&] { return watch->current() != nullptr && usage->ready(); })) return false;
    const int looked = disks.measured + 2 * static_cast<int>(disks.used.size());
    return run_until([&] { return disks.measured > looked; });
  }
  // Until a view has this image, and all that is known of it: before that a look sees the node as it was.
  bool run_until_listed(int number) {
    return run_until([&] {
      const auto view = watch->current();
      if (view == nullptr) return false;
      const auto& what = view->what();
      return std::ranges::any_of(what.images, [&](const auto& one) { return one.id == image_id(number); }) &&
             std::ranges::none_of(what.details, [](const auto& one) { return one == nullptr; });
    });
  }
  // So many more looks at least, for what is not to happen.
  void run_for(milliseconds time) {
    run_until([] { return false; }, time);
  }
  template <typename T>
  T run(app::task<T> work) {
    std::optional<T> outcome;
    boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr, T value) { outcome.emplace(std::move(value)); });
    EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
    return std::move(*outcome);
  }

  app::clocks clocks() {
    return {.wall = [this] { return std::chrono::system_clock::now() + wall_ahead; },
            .boot = [this] { return clock::now().time_since_epoch() + passed; },
            .boot_id = "this-boot"};
  }
  void let_pass(std::chrono::nanoseconds time) {  // both clocks
    passed += time;
    wall_ahead += time;
  }
  std::size_t sweeps_ended() const { return counts.ended.size(); }

  boost::asio::io_context context{1};
  fake_engine held;
  changing_engine engine{held};
  set_disks disks;
  port_script archive_calls;
  fake_archive archive{archive_calls};
  fake_telemetry telemetry;
  kept_counts counts;
  kept_alert_counts alert_counts;
  captured_log log;
  temp_folder folder;
  app::watcher_options watching;
  app::trigger_options options;
  std::vector<core::policy> policies;
  core::keep_rules keep;
  bool durable = true;
  std::chrono::nanoseconds passed{0}, wall_ahead{0};

  std::unique_ptr<app::state> state;
  std::unique_ptr<app::watcher> watch;
  std::unique_ptr<app::usage_tracker> usage;
  std::unique_ptr<app::sweeper> sweeps;
  std::unique_ptr<app::triggers> triggers;
  boost::asio::cancellation_signal stopping;
  bool ended = true;
  std::exception_ptr failed;

 private:
  app::task<void> all() {
    using namespace boost::asio::experimental::awaitable_operators;
    auto everything = watch->run() && usage->run() && triggers->run();
    co_await std::move(everything);
  }
};

}  // namespace docksweep::test
