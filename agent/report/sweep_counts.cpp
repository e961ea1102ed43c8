#include "report/sweep_counts.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

namespace docksweep::report {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

// No bound is a whole number: the two formats would spell it differently ("2" and "2.0"), and so make two series of it.
const Histogram::BucketBoundaries sweep_seconds = {0.5, 2.5, 12.5, 62.5, 312.5, 1562.5};

Family<Counter>& counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

template <typename Enumerator>
std::size_t at(Enumerator value) {
  return static_cast<std::size_t>(value);
}

std::string resource_of(core::target_kind kind) {
  switch (kind) {
    case core::target_kind::container:
      return "containers";
    case core::target_kind::build_cache:
      return "build_cache";
    case core::target_kind::image:
      return "images";
    case core::target_kind::volume:
      return "volumes";
  }
  return "images";
}

constexpr auto trigger_count = core::all_sweep_triggers.size();
constexpr auto reason_count = std::size(app::all_skip_reasons);
constexpr auto kind_count = core::all_target_kinds.size();

// The counters of one policy.
struct policy_counters {
  std::array<Counter*, trigger_count> sweeps{}, failures{};
  std::array<Counter*, reason_count> skipped{};
  Counter* targets_missed = nullptr;
  Counter* missed_runs = nullptr;
  Counter* images = nullptr;
  Counter* containers = nullptr;
  Counter* regret_pulls = nullptr;
  Counter* regret_bytes = nullptr;
  Counter* shadow_regrets = nullptr;
};

void add(Counter* counter, core::byte_count bytes) {
  if (bytes > 0) counter->Increment(static_cast<double>(bytes));
}

}  // namespace

struct sweep_counts::impl {
  Registry registry;
  Family<Counter>& sweeps = counters(registry, "docksweep_sweeps_total",
                                     "Sweeps that ran to an end of any kind (observed ones are not among them).");
  Family<Counter>& failures = counters(registry, "docksweep_sweep_failures_total",
                                       "Sweeps that a fault ended early; a refused removal is no failure.");
  Family<Counter>& targets_missed = counters(registry, "docksweep_sweep_targets_missed_total",
                                             "Sweeps that worked off their list and did not reach their goal.");
  Family<Counter>& skipped = counters(registry, "docksweep_sweeps_skipped_total",
                                      "Occasions on which a policy was due and did not remove anything, by reason.");
  Family<Counter>& missed_runs = counters(registry, "docksweep_policy_missed_runs_total",
                                          "Scheduled runs that could not take place within an hour.");
  Family<Counter>& images = counters(registry, "docksweep_removed_images_total", "Images removed.");
  Family<Counter>& containers = counters(registry, "docksweep_removed_containers_total", "Containers removed.");
  Family<Counter>& regret_pulls =
      counters(registry, "docksweep_regret_pulls_total", "Removed images that were pulled again within a day.");
  Family<Counter>& regret_bytes = counters(registry, "docksweep_regret_bytes_total",
                                           "Bytes freed by removals of images that were pulled again within a day.");
  Family<Counter>& shadow_regrets =
      counters(registry, "docksweep_image_shadow_regrets_total",
               "Images used again within a day after a plan in observe mode would have removed them.");
  Histogram& duration = prometheus::BuildHistogram()
                            .Name("docksweep_sweep_duration_seconds")
                            .Help("Time that sweeps took.")
                            .Register(registry)
                            .Add({}, sweep_seconds);
  Gauge& in_progress = prometheus::BuildGauge()
                           .Name("docksweep_sweep_in_progress")
                           .Help("1 while this agent sweeps.")
                           .Register(registry)
                           .Add({});
  Counter& restored =
      counters(registry, "docksweep_restored_images_total", "Images brought back by docksweep restore.").Add({});
  Counter& foreign = counters(registry, "docksweep_foreign_removals_total",
                              "Images removed by somebody else: kubelet, docker image prune, a person.")
                         .Add({});
  std::array<Counter*, std::size(app::all_removal_failures)> removal_failures{};
  std::array<Counter*, kind_count> freed{}, predicted{};
  std::mutex guard;  // of policies
  std::map<std::string, policy_counters, std::less<>> policies;

  impl() {
    auto& failed = counters(registry, "docksweep_removal_failures_total",
                            "Removals that did not happen: refused as in use, failed, or without an answer.");
    for (const auto why : app::all_removal_failures) {
      removal_failures[at(why)] = &failed.Add({{"reason", std::string(app::to_string(why))}});
    }
    auto& went = counters(registry, "docksweep_freed_bytes_total", "Bytes that removals really freed, by resource.");
    auto& said =
        counters(registry, "docksweep_predicted_bytes_total", "Bytes that plans said these removals would free.");
    for (const auto kind : core::all_target_kinds) {
      freed[at(kind)] = &went.Add({{"resource", resource_of(kind)}});
      predicted[at(kind)] = &said.Add({{"resource", resource_of(kind)}});
    }
  }

  policy_counters& of(std::string_view name) {
    const std::lock_guard lock(guard);
    if (const auto known = policies.find(name); known != policies.end()) return known->second;
    return policies.emplace(std::string(name), make(std::string(name))).first->second;
  }

  policy_counters make(const std::string& name) {
    policy_counters made;
    for (const auto trigger : core::all_sweep_triggers) {
      const prometheus::Labels labels{{"policy", name}, {"trigger", std::string(core::to_string(trigger))}};
      made.sweeps[at(trigger)] = &sweeps.Add(labels);
      made.failures[at(trigger)] = &failures.Add(labels);
    }
    for (const auto why : app::all_skip_reasons) {
      made.skipped[at(why)] = &skipped.Add({{"policy", name}, {"reason", std::string(app::to_string(why))}});
    }
    const prometheus::Labels label{{"policy", name}};
    made.targets_missed = &targets_missed.Add(label);
    made.missed_runs = &missed_runs.Add(label);
    made.images = &images.Add(label);
    made.containers = &containers.Add(label);
    made.regret_pulls = &regret_pulls.Add(label);
    made.regret_bytes = &regret_bytes.Add(label);
    made.shadow_regrets = &shadow_regrets.Add(label);
    return made;
  }
};

sweep_counts::sweep_counts() : impl_(std::make_unique<impl>()) {}
sweep_counts::~sweep_counts() = default;

void sweep_counts::know_policies(const std::vector<std::string>& names) {
  for (const auto& name : names) impl_->of(name);
}

void sweep_counts::sweep_began(std::string_view, core::sweep_trigger) {
  impl_->in_progress.Set(1);
}

void sweep_counts::sweep_ended(const core::sweep_record& sweep, std::chrono::nanoseconds took) {
  impl_->in_progress.Set(0);
  // What was only observed is counted as skipped, with the reason observe.
  if (sweep.outcome == core::sweep_outcome::observed) return;
  auto& policy = impl_->of(sweep.policy);
  policy.sweeps[at(sweep.trigger)]->Increment();
  impl_->duration.Observe(std::chrono::duration<double>(took).count());
  if (sweep.outcome == core::sweep_outcome::missed) policy.targets_missed->Increment();
  if (sweep.outcome == core::sweep_outcome::failed || sweep.outcome == core::sweep_outcome::interrupted) {
    policy.failures[at(sweep.trigger)]->Increment();
  }
}

void sweep_counts::sweep_skipped(std::string_view policy, app::skip_reason why) {
  impl_->of(policy).skipped[at(why)]->Increment();
}

void sweep_counts::schedule_missed(std::string_view policy) {
  impl_->of(policy).missed_runs->Increment();
}

void sweep_counts::removed(std::string_view policy, core::target_kind kind) {
  if (kind == core::target_kind::image) impl_->of(policy).images->Increment();
  if (kind == core::target_kind::container) impl_->of(policy).containers->Increment();
}

void sweep_counts::removal_failed(app::removal_failure why) {
  impl_->removal_failures[at(why)]->Increment();
}

void sweep_counts::bytes(core::target_kind kind, core::byte_count predicted, core::byte_count freed) {
  add(impl_->predicted[at(kind)], predicted);
  add(impl_->freed[at(kind)], freed);
}

void sweep_counts::regret(std::string_view policy, core::byte_count bytes) {
  auto& counters_of_it = impl_->of(policy);
  counters_of_it.regret_pulls->Increment();
  add(counters_of_it.regret_bytes, bytes);
}

void sweep_counts::shadow_regret(std::string_view policy) {
  impl_->of(policy).shadow_regrets->Increment();
}

void sweep_counts::foreign_removal(std::int64_t count) {
  if (count > 0) impl_->foreign.Increment(static_cast<double>(count));
}

void sweep_counts::restored(std::int64_t count) {
  if (count > 0) impl_->restored.Increment(static_cast<double>(count));
}

std::vector<prometheus::MetricFamily> sweep_counts::families() const {
  return impl_->registry.Collect();
}

}  // namespace docksweep::report
