// The standard process_* metrics of this process, read from /proc/self.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace docksweep::report {

// What cannot be read (no /proc in a sandbox) is left out.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace docksweep::report
