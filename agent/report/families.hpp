// Small helpers that make prometheus::MetricFamily values.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::report {

using metric_labels = std::vector<prometheus::ClientMetric::Label>;

prometheus::MetricFamily gauge_family(std::string name, std::string help);
void add_gauge(prometheus::MetricFamily& family, double value, metric_labels labels = {});

// A gauge of one series without labels.
prometheus::MetricFamily single_gauge(std::string name, std::string help, double value);
// A gauge that is 1 and says something by its labels; its name ends in "_info". Empty values are left out: to
// Prometheus they are the same as none.
prometheus::MetricFamily info_gauge(std::string name, std::string help, metric_labels labels);

// Seconds since 1970, with milliseconds.
double unix_seconds(core::instant when);

}  // namespace docksweep::report
