// Where each policy stands → metric families: its thresholds and goals, what it would remove now, when it runs next.
#pragma once

#include <prometheus/metric_family.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/plan.hpp"
#include "core/policy.hpp"

namespace docksweep::report {

struct policy_figures {
  const core::policy* policy = nullptr;                   // not null
  std::vector<std::pair<core::quantity, double>> values;  // of the quantities in when and until, as far as known
  std::optional<core::instant> next_run;                  // of a schedule
  std::optional<core::instant> last_success;
  std::shared_ptr<const core::plan> plan;  // null: not known
};

std::vector<prometheus::MetricFamily> policy_families(const std::vector<policy_figures>& policies);

}  // namespace docksweep::report
