// A node with fakes on all ports of the sweeper, plans of it made by hand, and the frame in which tests sweep it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/fake_archive.hpp"
#include "app/fake_history.hpp"
#include "app/fake_remover.hpp"
#include "app/port_script.hpp"
#include "app/sweeper.hpp"
#include "support/run_task.hpp"

namespace docksweep::test {

using std::chrono::milliseconds;
using outcome = core::removal_outcome;

inline std::string id_of(const std::string& word) {
  std::string hex;
  for (const char c : word) hex += "0123456789abcdef"[static_cast<unsigned char>(c) % 16];
  return "sha256:" + word + "-" + hex;
}

// A file system that holds the engine's layers and other things.
class fake_disks final : public app::disks {
 public:
  fake_disks(port_script& calls, const fake_remover& engine) : script_(calls), engine_(engine) {}
  core::byte_count size = 10000, others = 0;
  // Of a path; that of the engine's own is 1, 0 is not known.
  std::map<std::string, std::uint64_t> devices{{"/backup", 2}};
  std::map<std::string, core::byte_count> avail{{"/backup", 1'000'000'000}};  // of other file systems
  int late = 0;  // so many measurements still show what was used at first
  std::int64_t files = 0, files_per_image = 0;

  app::task<core::result<core::file_system>> measure(std::string path) override {
    const std::string call = "measure " + path;
    if (auto failed = script_.begin(call)) co_return std::unexpected(*failed);
    const auto used = engine_.bytes_of_layers() + others;
    if (first_ == 0) first_ = used;
    core::file_system now;
    now.path = path;
    now.device = 1;
    if (const auto other = devices.find(path); other != devices.end()) now.device = other->second;
    now.size_bytes = size;
    now.avail_bytes = now.free_bytes = size - (late > 0 ? first_ : used);
    if (late > 0) --late;
    if (const auto other = avail.find(path); other != avail.end()) now.avail_bytes = other->second;
    now.files = files;
    now.files_free = files - files_per_image * static_cast<std::int64_t>(engine_.images.size());
    co_return now;
  }

 private:
  port_script& script_;
  const fake_remover& engine_;
  core::byte_count first_ = 0;
};

class counted final : public app::sweep_telemetry {
 public:
  std::vector<std::string> events;
  std::map<app::removal_failure, int> failures;
  core::byte_count predicted = 0, freed = 0;
  int removed_images = 0, removed_containers = 0;
  void sweep_began(std::string_view policy, core::sweep_trigger) override {
    events.push_back("began " + std::string(policy));
  }
  void sweep_ended(const core::sweep_record& sweep, std::chrono::nanoseconds) override {
    events.push_back("ended " + std::string(core::to_string(sweep.outcome)));
  }
  void sweep_skipped(std::string_view, app::skip_reason) override { events.emplace_back("skipped"); }
  void schedule_missed(std::string_view) override {}
  void removed(std::string_view, core::target_kind kind) override {
    removed_images += kind == core::target_kind::image;
    removed_containers += kind == core::target_kind::container;
  }
  void removal_failed(app::removal_failure why) override { ++failures[why]; }
  void bytes(core::target_kind, core::byte_count said, core::byte_count went) override {
    predicted += said;
    freed += went;
  }
  void regret(std::string_view, core::byte_count) override {}
  void shadow_regret(std::string_view) override {}
  void foreign_removal(std::int64_t) override {}
  void restored(std::int64_t) override {}
};

class kept_log final : public app::log_sink {
 public:
  struct line {
    std::string event;
    std::map<std::string, std::string> fields;
  };
  std::vector<line> lines;
  void write(app::log_level, std::string_view event, std::span<const app::log_field> fields) override {
    line one{std::string(event), {}};
    for (const auto& field : fields) one.fields[std::string(field.key)] = field.value;
    lines.push_back(std::move(one));
  }
  std::vector<line> of(const std::string& event) const {
    std::vector<line> found;
    std::ranges::copy_if(lines, std::back_inserter(found), [&](const line& one) { return one.event == event; });
    return found;
  }
};

class swept_node : public testing::Test {
 protected:
  using layer_list = std::vector<std::pair<std::string, core::byte_count>>;

  swept_node() {
    options.rest = milliseconds(1);
    options.grace = milliseconds(1);
    options.engine_back = milliseconds(5);
    options.ask_again = milliseconds(1);
    options.lag = milliseconds(1);
    options.now = [this] { return wall; };
    options.steady = [this] { return script.clock; };
  }
  ~swept_node() override {
    // Whatever a test did: nothing in use was removed.
    for (const auto& [id, one] : engine.containers) {
      EXPECT_TRUE(!engine_image_needed || engine.images.contains(one.listed.image_id))
          << "container " << one.listed.names.front() << " has lost its image";
    }
  }

  // Layers are given lowest first, by name and bytes; images that begin with the same ones share them.
  std::string add_image(const std::string& word, std::vector<std::string> tags, const layer_list& layers,
                        const std::string& parent = {}, std::vector<std::string> digests = {}) {
    core::image image;
    image.id = id_of(word);
    image.parent_id = parent;
    image.tags = std::move(tags);
    image.digests = std::move(digests);
    core::image_details details;
    details.id = image.id;
    details.has_history = true;
    details.platform = "linux/amd64";
    image.size = 0;
    for (const auto& [name, bytes] : layers) {
      details.diff_ids.push_back("sha256:" + name);
      details.history_sizes.push_back(bytes);
      *image.size += bytes;
    }
    details.chain_ids = core::chain_ids(details.diff_ids);
    for (std::size_t i = 0; i < layers.size(); ++i) engine.layer_bytes[details.chain_ids[i]] = layers[i].second;
    engine.details[image.id] = details;
    engine.images[image.id] = image;
    return image.id;
  }
  std::string add_container(const std::string& name, const std::string& image,
                            core::container_state state = core::container_state::exited) {
    fake_container one;
    one.listed.id = one.details.id = "c-" + name;
    one.listed.names = {name};
    one.listed.image_id = one.details.image_id = image;
    one.listed.state = one.details.state = state;
    one.details.finished_at = wall - std::chrono::hours(2);
    one.details.writable_bytes = 7;
    one.details.inspect = "{\"Name\":\"" + name + "\"}";
    engine.containers[one.listed.id] = one;
    return one.listed.id;
  }

  std::shared_ptr<const core::view> look() const {
    core::inventory what;
    what.engine = engine.identity;
    for (const auto& [id, image] : engine.images) {
      what.images.push_back(image);
      what.details.push_back(std::make_shared<core::image_details>(engine.details.at(id)));
    }
    for (const auto& [id, one] : engine.containers) what.containers.push_back(one.listed);
    what.disk = core::disk_usage();
    what.complete_at = wall;
    return std::make_shared<core::view>(std::move(what));
  }

  // A plan that removes these images (by ID) with all of their names, in this order.
  app::sweep_request plan_of(const std::vector<std::string>& ids, bool enforce = true) const {
    app::sweep_request request;
    request.node = look();
    request.policy.name = "nightly";
    request.plan.policy = "nightly";
    request.plan.made_at = request.plan.inventory_at = wall;
    request.plan.rules = {"remove.images = \"unused\""};
    request.actor = "agent";
    request.cause = "by hand";
    request.enforce = enforce;
    std::vector<std::uint32_t> gone;
    core::byte_range before;
    for (const std::string& id : ids) {
      core::plan_step step;
      step.id = id;
      step.names = engine.images.at(id).tags;
      if (step.names.empty()) step.names = engine.images.at(id).digests;
      gone.push_back(place(*request.node, id));
      step.cumulative = request.node->layers().freed_by(gone);
      step.freed = {step.cumulative.at_least - before.at_least, step.cumulative.at_most - before.at_most};
      before = step.cumulative;
      request.plan.steps.push_back(std::move(step));
    }
    return request;
  }
  static core::plan_step step_of(core::target_kind kind, std::string id, std::vector<std::string> names = {}) {
    core::plan_step step;
    step.kind = kind;
    step.id = std::move(id);
    step.names = std::move(names);
    return step;
  }
  static core::plan_goal disk_goal(double target) {
    core::plan_goal goal;
    goal.what = core::quantity::disk;
    goal.now = 0.9;
    goal.target = target;
    goal.path = "/data";
    return goal;
  }
  static std::uint32_t place(const core::view& node, const std::string& id) {
    const auto& images = node.what().images;
    const auto found = std::ranges::find(images, id, &core::image::id);
    EXPECT_NE(found, images.end());
    return static_cast<std::uint32_t>(found - images.begin());
  }

  using swept = std::expected<core::sweep_record, app::sweep_refusal>;
  swept sweep(app::sweep_request request, app::sweep_observer observer = {}) {
    app::sweeper one(engine, record, disks, archive, counts, log, options);
    sweeping = &one;
    auto running = one.run(std::move(request), std::move(observer));
    auto result = run_task(context, std::move(running), std::chrono::seconds(60));
    sweeping = nullptr;
    return result;
  }
  // What the record says of the removals of the newest sweep, in the order of the plan.
  std::vector<outcome> outcomes() const {
    std::vector<outcome> all;
    for (const auto& one : record.removals) {
      if (one.sweep_id == static_cast<std::int64_t>(record.sweeps.size())) all.push_back(one.outcome);
    }
    return all;
  }
  // When this call comes for the first time, before the engine looks.
  void when(const std::string& call, std::function<void()> change) {
    script.before = [call, change, done = false](const std::string& now) mutable {
      if (done || !now.starts_with(call)) return;
      done = true;
      change();
    };
  }

  boost::asio::io_context context{1};
  core::instant wall = core::instant(std::chrono::hours(24 * 365 * 50));
  port_script script;
  fake_remover engine{script};
  fake_history record{script};
  fake_disks disks{script, engine};
  fake_archive archive{script};
  counted counts;
  kept_log log;
  app::sweeper_options options;
  app::sweeper* sweeping = nullptr;  // while a sweep runs
  bool engine_image_needed = true;   // false: the test's containers are of images that never were
};

}  // namespace docksweep::test
