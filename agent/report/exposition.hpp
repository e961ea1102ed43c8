// Core values and the agent's own counters → the text that Prometheus reads.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace docksweep::report {

enum class exposition_format { text_0_0_4, openmetrics_1_0_0 };

// What goes into the Content-Type header (Prometheus 3 refuses a scrape without one).
std::string_view content_type(exposition_format format);

// Chooses by the Accept header as Prometheus sends it: OpenMetrics only when it is asked for with a q above text's.
exposition_format format_for(std::string_view accept_header);

// Appends families to `out`. HELP and label values are escaped; counters lose "_total" in OpenMetrics' TYPE and HELP
// lines; OpenMetrics' closing "# EOF" is the caller's (close_exposition).
void write_families(std::string& out, const std::vector<prometheus::MetricFamily>& families, exposition_format format);
void close_exposition(std::string& out, exposition_format format);

}  // namespace docksweep::report
