#include "report/families.hpp"

#include <chrono>
#include <utility>

namespace docksweep::report {

prometheus::MetricFamily gauge_family(std::string name, std::string help) {
  prometheus::MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = prometheus::MetricType::Gauge;
  return out;
}

void add_gauge(prometheus::MetricFamily& family, double value, metric_labels labels) {
  auto& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  metric.gauge.value = value;
}

prometheus::MetricFamily single_gauge(std::string name, std::string help, double value) {
  auto out = gauge_family(std::move(name), std::move(help));
  add_gauge(out, value);
  return out;
}

prometheus::MetricFamily info_gauge(std::string name, std::string help, metric_labels labels) {
  std::erase_if(labels, [](const auto& label) { return label.value.empty(); });
  auto out = gauge_family(std::move(name), std::move(help));
  add_gauge(out, 1, std::move(labels));
  return out;
}

double unix_seconds(core::instant when) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch());
  return static_cast<double>(since.count()) / 1000.0;
}

}  // namespace docksweep::report
