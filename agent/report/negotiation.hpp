// Which exposition format a scraper asks for.
#pragma once

#include <string_view>

namespace docksweep::report {

enum class exposition_format { text_0_0_4, openmetrics_1_0_0 };

// What goes into the Content-Type header (Prometheus 3 refuses a scrape without one).
std::string_view content_type(exposition_format format);

// Chooses by the Accept header as Prometheus 2 and 3 send it: OpenMetrics only when version 1.0.0 of it (or no version)
// is asked for with a q above that of the text format. Anything else, an empty header included: text.
exposition_format format_for(std::string_view accept_header);

}  // namespace docksweep::report
