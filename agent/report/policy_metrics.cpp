#include "report/policy_metrics.hpp"

#include <string>

#include "report/families.hpp"

namespace docksweep::report {
namespace {

metric_labels labels_of(const policy_figures& one, core::quantity what) {
  return {{"policy", one.policy->name}, {"quantity", std::string(core::to_string(what))}};
}

void add_thresholds(prometheus::MetricFamily& family, const policy_figures& one,
                    const std::vector<core::threshold>& thresholds) {
  for (const auto& limit : thresholds) add_gauge(family, limit.value, labels_of(one, limit.what));
}

}  // namespace

std::vector<prometheus::MetricFamily> policy_families(const std::vector<policy_figures>& policies) {
  auto threshold = gauge_family("docksweep_policy_threshold",
                                "When a quantity starts the policy: above this, disk_free below it. Disk and inodes "
                                "are ratios.");
  auto target = gauge_family("docksweep_policy_target",
                             "Where the policy stops: below this, disk_free above it. Disk and inodes are ratios.");
  auto value = gauge_family("docksweep_policy_value",
                            "Where the quantity stands now; of the fullest watched path for those of a disk.");
  auto images = gauge_family("docksweep_policy_plan_images", "Images that the policy would remove now.");
  auto bytes = gauge_family("docksweep_policy_plan_bytes", "Bytes that the policy would free now, at least.");
  auto shortfall = gauge_family("docksweep_policy_shortfall_bytes",
                                "Bytes by which the policy would miss its goal now; absent without a goal in bytes.");
  auto next = gauge_family("docksweep_policy_next_run_timestamp_seconds",
                           "When the schedule starts the policy next on this node, splay included.");
  auto success = gauge_family("docksweep_sweep_last_success_timestamp_seconds",
                              "When a sweep of this policy last reached its goal, or the end of its list.");
  for (const auto& one : policies) {
    const metric_labels label{{"policy", one.policy->name}};
    add_thresholds(threshold, one, one.policy->when.quantities);
    add_thresholds(target, one, one.policy->until);
    for (const auto& [what, measured] : one.values) add_gauge(value, measured, labels_of(one, what));
    if (one.plan) {
      add_gauge(images, static_cast<double>(one.plan->images()), label);
      add_gauge(bytes, static_cast<double>(one.plan->freed().at_least), label);
      if (one.plan->shortfall) add_gauge(shortfall, static_cast<double>(*one.plan->shortfall), label);
    }
    if (one.next_run) add_gauge(next, unix_seconds(*one.next_run), label);
    if (one.last_success) add_gauge(success, unix_seconds(*one.last_success), label);
  }
  std::vector<prometheus::MetricFamily> all;
  for (auto* family : {&threshold, &target, &value, &images, &bytes, &shortfall, &next, &success}) {
    all.push_back(std::move(*family));
  }
  return all;
}

}  // namespace docksweep::report
