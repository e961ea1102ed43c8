// What is seen and told goes into the books here; usage_memory.cpp keeps them. See usage_tracker_impl.hpp.
#include "app/usage_tracker.hpp"

#include <algorithm>
#include <utility>

#include "app/event_use.hpp"
#include "app/stopped.hpp"
#include "app/usage_tracker_impl.hpp"

namespace docksweep::app {
namespace {

constexpr std::chrono::milliseconds between_applying{100};  // events of a storm are looked up together

std::string in_seconds(core::duration by) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(by).count());
}

regret_options options_of(const usage_options& options) {
  regret_options regret;
  regret.within = options.regret_within;
  regret.settle = options.regret_settle;
  regret.retry = options.retry_least;
  return regret;
}

}  // namespace

usage_tracker::impl::impl(boost::asio::any_io_executor executor, history& memory, sweep_telemetry& counts,
                          log_sink& log, clocks time, usage_options options)
    : memory_(memory),
      log_(log),
      options_(options),
      clock_(std::move(time)),
      regrets_(memory, counts, log, options_of(options)),
      wake_(executor),
      load_retry_(options.retry_least, options.retry_most),
      save_retry_(options.retry_least, options.retry_most) {}

task<void> usage_tracker::impl::run() {
  try {
    for (;;) {
      auto one = turn();
      co_await std::move(one);
      auto pause = wake_.wait(next_turn());
      co_await std::move(pause);
    }
  } catch (const std::exception& fault) {
    if (!means_stopped(fault)) throw;
  }
}

task<void> usage_tracker::impl::turn() {
  look_at_clock();
  if (!ready_ && !engine_id_.empty() && monotonic::now() >= load_due_) {
    auto loading = load();
    co_await std::move(loading);
  }
  if (ready_) {
    if (marks_.expire(clock_.boot())) marks_waiting_ = true;
    if (marks_waiting_ && monotonic::now() >= apply_due_) apply_marks();
  }
  if (monotonic::now() >= save_due_) {
    auto saving = save();
    co_await std::move(saving);
  }
  if (ready_ && monotonic::now() >= regrets_.due()) {
    auto checking = regrets_.check();
    co_await std::move(checking);
  }
}

monotonic::time_point usage_tracker::impl::next_turn() const {
  auto next = std::min(monotonic::now() + options_.look, save_due_);
  if (!ready_ && !engine_id_.empty()) next = std::min(next, load_due_);
  if (ready_ && marks_waiting_) next = std::min(next, apply_due_);
  if (ready_) next = std::min(next, regrets_.due());
  return next;
}

void usage_tracker::impl::follow(std::string engine_id) {
  if (engine_id == engine_id_) return;
  if (ready_ && marks_waiting_) apply_marks();
  keep_for_later();
  engine_id_ = std::move(engine_id);
  usage_ = {};
  marks_.clear();
  marks_waiting_ = false;
  regrets_.follow(engine_id_);
  node_.reset();
  ready_ = false;
  ++revision_;
  load_due_ = monotonic::now();
  load_retry_.reset();
  wake_.notify();
}

void usage_tracker::impl::on_event(const core::engine_event& event) {
  const auto told = use_told_by(event);
  if (!told) return;
  look_at_clock();
  const auto now = clock_.wall();
  marks_.add(*told, now, clock_.boot(), node_.get());
  if (told->fetched && !told->name.empty()) regrets_.pulled(told->name, now);
  if (!marks_waiting_) apply_due_ = monotonic::now() + between_applying;
  marks_waiting_ = true;
  wake_.notify();
}

void usage_tracker::impl::on_view(std::shared_ptr<const core::view> node) {
  if (node == nullptr || node->what().engine.id != engine_id_) return;
  look_at_clock();
  if (ready_) see(node);
  node_ = std::move(node);
  wake_.notify();
}

void usage_tracker::impl::see(const std::shared_ptr<const core::view>& node) {
  const auto now = clock_.wall();
  regrets_.on_view(node, usage_.images, now);
  usage_.images.look_at_images(*node, now);
  usage_.volumes.look_at_volumes(*node, now);
  node_ = node;
  apply_marks();
  ask_save();
  ++revision_;
}

void usage_tracker::impl::apply_marks() {
  marks_waiting_ = false;
  if (node_ == nullptr) return;
  const auto now = clock_.wall();
  for (const std::string& id : marks_.apply(*node_, usage_.images, clock_.boot())) regrets_.wanted(id, now);
  ask_save();
  ++revision_;
}

void usage_tracker::impl::look_at_clock() {
  if (const auto by = clock_.look()) jumped(*by);
}

void usage_tracker::impl::jumped(core::duration by) {
  usage_.images.clock_jumped(by);
  usage_.volumes.clock_jumped(by);
  marks_.clock_jumped(by);
  regrets_.clock_jumped(by);
  tell_jump(by, "while the agent ran");
  ++revision_;
  wake_.notify();
}

void usage_tracker::impl::tell_jump(core::duration by, std::string when) {
  log_.log(log_level::warn, "clock_jumped",
           {{"seconds", in_seconds(by)},
            {"why", std::move(when)},
            {"next", "moments of last use move along, so that no age changes"}});
  // A crash between the two saves must err towards "used just now": records ahead of the clock do, records behind it do
  // not.
  mark_due_ = true;
  mark_first_ = by < core::duration(0);
  save_due_ = monotonic::now();
}

usage_tracker::usage_tracker(boost::asio::any_io_executor executor, history& memory, sweep_telemetry& counts,
                             log_sink& log, clocks time, usage_options options)
    : impl_(std::make_unique<impl>(std::move(executor), memory, counts, log, std::move(time), options)) {}
usage_tracker::~usage_tracker() = default;

task<void> usage_tracker::run() {
  return impl_->run();
}
task<void> usage_tracker::flush() {
  return impl_->flush();
}
void usage_tracker::follow(std::string engine_id) {
  impl_->follow(std::move(engine_id));
}
void usage_tracker::on_event(const core::engine_event& event) {
  impl_->on_event(event);
}
void usage_tracker::on_view(std::shared_ptr<const core::view> node) {
  impl_->on_view(std::move(node));
}
bool usage_tracker::ready() const {
  return impl_->ready_;
}
const core::node_usage& usage_tracker::usage() const {
  impl_->look_at_clock();
  if (impl_->ready_ && impl_->marks_waiting_) impl_->apply_marks();
  return impl_->usage_;
}
std::uint64_t usage_tracker::revision() const {
  return impl_->revision_;
}

}  // namespace docksweep::app
