// Plans: the one that is about to run, and those that status() shows. See triggers_impl.hpp.
#include <algorithm>

#include "app/triggers_impl.hpp"

namespace docksweep::app {

using namespace std::chrono_literals;

namespace {

// Age alone changes a plan, too (min_age, unused_for): shown plans are never older than this.
constexpr auto plans_live = 60s;

bool removes_containers(const core::policy& which) {
  return which.remove.containers.has_value();
}

}  // namespace

core::node_picture triggers::impl::picture(const core::view& node, std::string path) const {
  return {node, with_.usage.usage(), disks_.newest(), stopped_.known(), std::move(path), &not_safe_.ids()};
}

std::optional<double> triggers::impl::read_quantity(core::quantity what, const std::string& path) {
  const auto node = with_.node.current();
  if (node == nullptr) return std::nullopt;
  if (is_of_a_disk(what)) return core::measure(what, picture(*node, path));
  if (node != read_view_.lock()) {
    read_view_ = node;
    readings_.fill(std::nullopt);
  }
  auto& known = readings_[static_cast<std::size_t>(what)];
  if (!known) known.emplace(core::measure(what, picture(*node)));
  return *known;
}

task<core::result<planned>> triggers::impl::make_plan(const core::policy& which, std::string trigger_path) {
  // `which` may be gone after a reload while containers are read.
  const core::policy policy = which;
  auto node = with_.node.current();
  if (node == nullptr) {
    const auto& problem = with_.node.health().problem;
    co_return core::fail(core::failure_code::unreachable,
                         problem.empty() ? "images and containers have not been listed yet: try again in a moment"
                                         : "there is no view of the node to plan from: " + problem);
  }
  if (!with_.usage.ready()) {
    co_return core::fail(core::failure_code::storage,
                         "when images were last used has not been read from the state yet: try again in a moment");
  }
  if (removes_containers(policy)) {
    auto reading = read_stopped(*node);
    co_await std::move(reading);
    if (auto newer = with_.node.current(); newer != nullptr) node = std::move(newer);
  }
  not_safe_.forget_old(boot_now());
  const auto now = wall_now();  // before usage() looks at the clocks
  planned made{.node = node, .plan = core::make_plan(picture(*node, std::move(trigger_path)), policy, now)};
  co_return core::result<planned>(std::move(made));
}

// One at a time: the second one finds what the first one has read.
task<void> triggers::impl::read_stopped(const core::view& node) {
  while (reading_stopped_) {
    auto pause = stopped_wake_.wait(std::chrono::steady_clock::time_point::max());
    co_await std::move(pause);
  }
  struct reading_while {
    impl& self;
    explicit reading_while(impl& of) : self(of) { self.reading_stopped_ = true; }
    ~reading_while() {
      self.reading_stopped_ = false;
      self.stopped_wake_.notify();
    }
    reading_while(const reading_while&) = delete;
    reading_while& operator=(const reading_while&) = delete;
  };
  const reading_while here(*this);
  auto reading = stopped_.read(node);
  co_await std::move(reading);
}

// What the plans that are shown need of stopped containers; a run reads for itself.
task<void> triggers::impl::keep_stopped_known() {
  wake_up never(executor_);
  for (;;) {
    const auto node = with_.node.current();
    const bool wanted =
        std::ranges::any_of(entries_, [](const auto& entry) { return removes_containers(entry->policy); });
    if (wanted && node != nullptr && node != stopped_view_.lock()) {
      auto reading = read_stopped(*node);
      co_await std::move(reading);
      stopped_view_ = node;
      stopped_read_ = true;
    }
    auto pause = never.wait(std::chrono::steady_clock::now() + options_.plans_every);
    co_await std::move(pause);
  }
}

bool triggers::impl::plans_are_old() const {
  if (!plans_at_) return true;
  const bool changed = with_.node.current() != plans_view_.lock() || with_.usage.revision() != plans_usage_ ||
                       disks_.revision() != plans_disks_ || stopped_read_;
  return boot_now() - *plans_at_ >= (changed ? options_.plans_every : std::chrono::milliseconds(plans_live));
}

// Plans are made when somebody asks for them, and seldom; a reader learns by the revision that newer ones can be had.
void triggers::impl::refresh_plans() {
  const auto node = with_.node.current();
  if (node == nullptr || !with_.usage.ready()) {
    for (const auto& entry : entries_) entry->plan = nullptr;
    plans_at_ = std::nullopt;
    return;
  }
  if (!plans_are_old()) return;
  const auto wall = wall_now();
  for (const auto& entry : entries_) {
    const auto path = entry->held.empty() ? std::string() : entry->held.front().path;
    entry->plan = std::make_shared<const core::plan>(core::make_plan(picture(*node, path), entry->policy, wall));
  }
  plans_view_ = node;
  plans_usage_ = with_.usage.revision();
  plans_disks_ = disks_.revision();
  plans_at_ = boot_now();
  stopped_read_ = false;
}

void triggers::impl::tell_of_older_plans() {
  if (!plans_at_ || entries_.empty() || told_of_ == plans_at_ || !plans_are_old()) return;
  told_of_ = plans_at_;
  ++revision_;
}

std::vector<policy_status> triggers::impl::status() {
  refresh_plans();
  const auto now = wall_now();
  std::vector<policy_status> all;
  for (const auto& entry : entries_) {
    const auto& when = entry->policy.when;
    policy_status one{
        .policy = &entry->policy, .values = {}, .next_run = std::nullopt, .plan = entry->plan, .memory = entry->memory};
    for (const auto what : core::all_quantities) {
      const auto is_it = [what](const core::threshold& limit) { return limit.what == what; };
      if (std::ranges::none_of(when.quantities, is_it) && std::ranges::none_of(entry->policy.until, is_it)) continue;
      if (const auto value = read_quantity(what, {})) one.values.emplace_back(what, *value);
    }
    if (when.schedule) {
      const schedule_rule rule{&*when.schedule, when.zone, entry->offset, options_.missed_after};
      one.next_run = next_run(rule, entry->memory.last_scheduled.value_or(now), now);
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::optional<core::reason>> triggers::impl::protections() {
  const auto node = with_.node.current();
  if (node == nullptr || !with_.usage.ready()) return {};
  const auto now = boot_now();
  if (node != protected_view_.lock() || !protected_at_ || now - *protected_at_ >= options_.plans_every) {
    const auto wall = wall_now();
    protected_ = core::protections(picture(*node), keep_, wall);
    protected_view_ = node;
    protected_at_ = now;
  }
  return protected_;
}

task<core::result<core::plan>> triggers::make_plan(const core::policy& which, std::string trigger_path) {
  auto making = impl_->make_plan(which, std::move(trigger_path));
  auto made = co_await std::move(making);
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return core::result<core::plan>(std::move(made->plan));
}

}  // namespace docksweep::app
