// Metric families → the text that Prometheus reads: text format 0.0.4, or OpenMetrics 1.0.0.
// Ours, because prometheus-cpp 1.0 does not escape HELP and does not know OpenMetrics.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "report/negotiation.hpp"

namespace docksweep::report {

// Appends families to `out`, sorted by name, the series of each by label values: the same input gives the same text.
// Families without series leave no trace; of two series with the same labels the first counts (one duplicate would
// make Prometheus refuse the whole scrape). HELP and label values are escaped, bytes that are not UTF-8 replaced.
// A counter's name ends in "_total"; OpenMetrics' HELP and TYPE lines leave that off.
// OpenMetrics' closing "# EOF" is the caller's: close_exposition.
void write_families(std::string& out, const std::vector<prometheus::MetricFamily>& families, exposition_format format);
void close_exposition(std::string& out, exposition_format format);

// Appends a sample value: integers up to 2^53 without exponent or point, other numbers as the shortest text that reads
// back to the same double, and "NaN", "+Inf", "-Inf".
void append_number(std::string& out, double value);

}  // namespace docksweep::report
