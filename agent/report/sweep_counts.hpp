// What is counted about triggers and sweeps: app::sweep_telemetry as metric families. Every known label value of the
// configured policies is exported as 0 from the start. May be called from any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <memory>
#include <string>
#include <vector>

#include "app/sweep_telemetry.hpp"

namespace docksweep::report {

class sweep_counts final : public app::sweep_telemetry {
 public:
  sweep_counts();
  ~sweep_counts() override;

  // The policies of the configuration in force. Those of an earlier one keep their series until the process ends: a
  // counter that vanishes and comes back is a reset.
  void know_policies(const std::vector<std::string>& names);

  void sweep_began(std::string_view policy, core::sweep_trigger trigger) override;
  void sweep_ended(const core::sweep_record& sweep, std::chrono::nanoseconds took) override;
  void sweep_skipped(std::string_view policy, app::skip_reason why) override;
  void schedule_missed(std::string_view policy) override;
  void removed(std::string_view policy, core::target_kind kind) override;
  void removal_failed(app::removal_failure why) override;
  void bytes(core::target_kind kind, core::byte_count predicted, core::byte_count freed) override;
  void regret(std::string_view policy, core::byte_count bytes) override;
  void shadow_regret(std::string_view policy) override;
  void foreign_removal(std::int64_t count) override;
  void restored(std::int64_t count) override;

  std::vector<prometheus::MetricFamily> families() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::report
