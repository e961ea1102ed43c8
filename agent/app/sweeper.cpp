// What comes before and after a sweep: refusals, the permit, what a crash left; sweep_run.cpp has the sweep itself.
#include "app/sweeper.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "app/settle.hpp"
#include "app/sweep_brake.hpp"
#include "app/sweep_run.hpp"

namespace docksweep::app {

struct sweeper::impl {
  using outcome = std::expected<core::sweep_record, sweep_refusal>;

  container_engine& engine;
  history& record;
  disks& file_systems;
  image_archive& archive;
  sweep_telemetry& counts;
  log_sink& log;
  sweeper_options options;
  bool running = false;
  sweep_brake* brake = nullptr;  // of the sweep that runs

  std::optional<sweep_refusal> refuse_at_once(const sweep_request& request) const;
  task<std::optional<sweep_refusal>> refuse_when_paused(sweep_brake& brake);
  task<outcome> run(sweep_request request, sweep_observer observer);
  task<outcome> run_with_permit(sweep_brake& brake, sweep_request request, sweep_observer observer);
};

namespace {

// Says that a sweep runs for as long as its coroutine lives, however it ends.
struct running_mark {
  bool& running;
  sweep_brake*& where;
  running_mark(bool& mark, sweep_brake*& place, sweep_brake& brake) : running(mark), where(place) {
    running = true;
    where = &brake;
  }
  ~running_mark() {
    running = false;
    where = nullptr;
  }
  running_mark(const running_mark&) = delete;
  running_mark& operator=(const running_mark&) = delete;
};

std::unexpected<sweep_refusal> refuse(skip_reason why, std::string message, bool is_fault = false) {
  return std::unexpected(sweep_refusal{why, std::move(message), is_fault});
}

}  // namespace

std::optional<sweep_refusal> sweeper::impl::refuse_at_once(const sweep_request& request) const {
  if (request.node == nullptr) {
    return sweep_refusal{skip_reason::stale_inventory, "there is no view of the node yet: try again", false};
  }
  if (request.plan.partial || request.node->what().unreadable > 0) {
    return sweep_refusal{skip_reason::stale_inventory,
                         "the view of the node is partial (entries without a readable ID), and such a view removes "
                         "nothing: wait for a complete listing",
                         false};
  }
  if (request.enforce && !record.durable()) {
    return sweep_refusal{skip_reason::observe,
                         "the state is kept in memory only, and nothing is removed without a durable record: make "
                         "state.path writable",
                         true};
  }
  if (request.plan.steps.empty()) {
    return sweep_refusal{skip_reason::nothing_to_do, "there is nothing that this policy would remove now", false};
  }
  return std::nullopt;
}

task<std::optional<sweep_refusal>> sweeper::impl::refuse_when_paused(sweep_brake& with) {
  auto asking = with.hold();
  const auto held = co_await std::move(asking);
  if (!held) co_return std::nullopt;
  const bool is_fault = held->outcome == core::sweep_outcome::failed;
  co_return sweep_refusal{skip_reason::paused,
                          is_fault ? held->problem : held->problem + " (docksweep resume lets them go on)", is_fault};
}

task<sweeper::impl::outcome> sweeper::impl::run(sweep_request request, sweep_observer observer) {
  if (running) co_return refuse(skip_reason::running, "another sweep is running");
  if (auto refusal = refuse_at_once(request)) co_return std::unexpected(std::move(*refusal));
  const auto executor = co_await boost::asio::this_coro::executor;
  sweep_brake own_brake(executor, engine, record, options);
  const running_mark mark(running, brake, own_brake);
  auto running_it = run_with_permit(own_brake, std::move(request), std::move(observer));
  co_return co_await std::move(running_it);
}

task<sweeper::impl::outcome> sweeper::impl::run_with_permit(sweep_brake& with, sweep_request request,
                                                            sweep_observer observer) {
  const std::string engine_id = request.node->what().engine.id;
  removal_parts parts{engine, record, file_systems, archive, counts, log, with, options};
  sweep_run sweep(parts, std::move(request), std::move(observer));

  auto pausing = refuse_when_paused(with);
  auto paused = co_await std::move(pausing);
  if (paused) co_return std::unexpected(std::move(*paused));

  auto asking = record.try_to_sweep(engine_id);
  auto permit = co_await std::move(asking);
  if (!permit) {
    throw_if_cancelled(permit.error());
    co_return refuse(skip_reason::running, permit.error().message, true);
  }
  if (*permit == nullptr) co_return refuse(skip_reason::running, "another process sweeps this engine");

  settle_parts settling{engine, record, log, options};
  auto leftovers = settle_sweeps(settling, engine_id);
  const auto settled = co_await std::move(leftovers);
  if (!settled) {
    throw_if_cancelled(settled.error());
    const bool own_fault = settled.error().code == core::failure_code::storage;
    co_return refuse(skip_reason::engine_down,
                     "what an earlier sweep left on record cannot be settled: " + settled.error().message, own_fault);
  }

  auto beginning = sweep.begin();
  auto refusal = co_await std::move(beginning);
  if (refusal) co_return std::unexpected(std::move(*refusal));
  auto working = sweep.work_off();
  co_await std::move(working);
  auto ending = sweep.finish();
  co_return co_await std::move(ending);
}

sweeper::sweeper(container_engine& engine, history& record, disks& file_systems, image_archive& archive,
                 sweep_telemetry& counts, log_sink& log, sweeper_options options)
    : impl_(new impl{engine, record, file_systems, archive, counts, log, std::move(options)}) {}

sweeper::~sweeper() = default;

task<std::expected<core::sweep_record, sweep_refusal>> sweeper::run(sweep_request request, sweep_observer observer) {
  auto running = impl_->run(std::move(request), std::move(observer));
  co_return co_await std::move(running);
}

void sweeper::stop(std::string why) {
  if (impl_->brake != nullptr) impl_->brake->stop(std::move(why));
}

bool sweeper::running() const {
  return impl_->running;
}

task<core::result<std::optional<int>>> sweeper::settle(std::string engine_id) {
  auto asking = impl_->record.try_to_sweep(engine_id);
  auto permit = co_await std::move(asking);
  if (!permit) co_return std::unexpected(std::move(permit.error()));
  if (*permit == nullptr) co_return std::optional<int>();
  settle_parts with{impl_->engine, impl_->record, impl_->log, impl_->options};
  auto settling = settle_sweeps(with, std::move(engine_id));
  const auto settled = co_await std::move(settling);
  if (!settled) co_return std::unexpected(settled.error());
  co_return std::optional<int>(*settled);
}

}  // namespace docksweep::app
