// A strict reader of OpenMetrics 1.0.0 text, as far as docksweep's page goes: Prometheus' own parser forgives too much.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace docksweep::report::testing {

struct openmetrics_page {
  std::vector<std::string> faults;          // empty: the page is right; each with its line number
  std::map<std::string, double> samples;    // by series as written: name{label="value",…}
};

openmetrics_page read_openmetrics(std::string_view page);

}  // namespace docksweep::report::testing
