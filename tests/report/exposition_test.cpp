// The two exposition formats, byte for byte.
#include "report/exposition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "report/families.hpp"

namespace docksweep::report {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string written(const std::vector<MetricFamily>& families, exposition_format format) {
  std::string out;
  write_families(out, families, format);
  close_exposition(out, format);
  return out;
}

std::vector<MetricFamily> one_of_each() {
  MetricFamily counter;
  counter.name = "z_requests_total";
  counter.help = "Requests.";
  counter.type = MetricType::Counter;
  for (const auto* name : {"b", "a"}) {
    auto& metric = counter.metric.emplace_back();
    metric.label = {{"handler", name}, {"code", "200"}};
    metric.counter.value = *name == 'a' ? 3 : 1;
  }
  MetricFamily histogram;
  histogram.name = "h_seconds";
  histogram.help = "Time.";
  histogram.type = MetricType::Histogram;
  auto& metric = histogram.metric.emplace_back();
  metric.histogram.sample_count = 4;
  metric.histogram.sample_sum = 2.75;
  metric.histogram.bucket = {{1, 0.5}, {3, 2.0}, {4, std::numeric_limits<double>::infinity()}};
  return {counter, histogram, single_gauge("g_bytes", "A size.", 1e15), gauge_family("empty", "Nothing.")};
}

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

TEST(exposition, writes_text_0_0_4) {
  EXPECT_EQ(written(one_of_each(), exposition_format::text_0_0_4), R"(# HELP g_bytes A size.
# TYPE g_bytes gauge
g_bytes 1000000000000000
# HELP h_seconds Time.
# TYPE h_seconds histogram
h_seconds_bucket{le="0.5"} 1
h_seconds_bucket{le="2"} 3
h_seconds_bucket{le="+Inf"} 4
h_seconds_sum 2.75
h_seconds_count 4
# HELP z_requests_total Requests.
# TYPE z_requests_total counter
z_requests_total{handler="a",code="200"} 3
z_requests_total{handler="b",code="200"} 1
)");
}

TEST(exposition, writes_openmetrics_1_0_0) {
  EXPECT_EQ(written(one_of_each(), exposition_format::openmetrics_1_0_0), R"(# HELP g_bytes A size.
# TYPE g_bytes gauge
g_bytes 1000000000000000
# HELP h_seconds Time.
# TYPE h_seconds histogram
h_seconds_bucket{le="0.5"} 1
h_seconds_bucket{le="2.0"} 3
h_seconds_bucket{le="+Inf"} 4
h_seconds_sum 2.75
h_seconds_count 4
# HELP z_requests Requests.
# TYPE z_requests counter
z_requests_total{handler="a",code="200"} 3
z_requests_total{handler="b",code="200"} 1
# EOF
)");
}

TEST(exposition, adds_the_infinite_bucket_that_prometheus_cpp_may_leave_out) {
  auto families = one_of_each();
  families[1].metric[0].histogram.bucket.pop_back();
  EXPECT_EQ(written(families, exposition_format::text_0_0_4), written(one_of_each(), exposition_format::text_0_0_4));
}

TEST(exposition, escapes_help_as_each_format_wants_it) {
  const auto family = single_gauge("g", "a \\ b\nc \"d\"", 0);
  EXPECT_TRUE(written({family}, exposition_format::text_0_0_4).starts_with("# HELP g a \\\\ b\\nc \"d\"\n"));
  EXPECT_TRUE(written({family}, exposition_format::openmetrics_1_0_0).starts_with("# HELP g a \\\\ b\\nc \\\"d\\\"\n"));
}

TEST(exposition, escapes_label_values) {
  auto family = gauge_family("g", "");
  add_gauge(family, 1, {{"path", "C:\\ \"x\"\ny\t€"}});
  EXPECT_NE(written({family}, exposition_format::text_0_0_4).find("g{path=\"C:\\\\ \\\"x\\\"\\ny\t€\"} 1\n"),
            std::string::npos);
}

TEST(exposition, replaces_bytes_that_are_not_utf8) {
  auto family = gauge_family("g", "");
  add_gauge(family, 1, {{"path", "a\xff\xc3(\xe2\x82z\xed\xa0\x80\xc0\xaf€"}});
  EXPECT_NE(written({family}, exposition_format::text_0_0_4).find("{path=\"a��(��z�����€\"}"), std::string::npos)
      << written({family}, exposition_format::text_0_0_4);
}

TEST(exposition, orders_by_name_and_labels_whatever_the_input_order) {
  auto forward = gauge_family("g", "");
  auto backward = gauge_family("g", "");
  for (int i = 0; i < 9; ++i) {
    add_gauge(forward, i, {{"n", std::to_string(i)}});
    add_gauge(backward, 8 - i, {{"n", std::to_string(8 - i)}});
  }
  const auto other = single_gauge("a", "", 1);
  EXPECT_EQ(written({forward, other}, exposition_format::text_0_0_4),
            written({other, backward}, exposition_format::text_0_0_4));
}

TEST(exposition, never_writes_a_series_twice) {
  auto family = gauge_family("g", "");
  add_gauge(family, 1, {{"n", "x"}});
  add_gauge(family, 5, {{"n", "a"}});
  add_gauge(family, 2, {{"n", "x"}});
  EXPECT_EQ(written({family}, exposition_format::text_0_0_4),
            "# HELP g \n# TYPE g gauge\ng{n=\"a\"} 5\ng{n=\"x\"} 1\n");
}

TEST(exposition, writes_timestamps_in_the_unit_of_the_format) {
  auto family = single_gauge("g", "", 1);
  family.metric[0].timestamp_ms = 1763899200250;
  EXPECT_NE(written({family}, exposition_format::text_0_0_4).find("g 1 1763899200250\n"), std::string::npos);
  EXPECT_NE(written({family}, exposition_format::openmetrics_1_0_0).find("g 1 1763899200.25\n"), std::string::npos);
}

TEST(exposition, numbers_read_back_as_written) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(-17), "-17");
  EXPECT_EQ(number(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1e-7), "1e-07");
  EXPECT_EQ(number(1.8446744073709552e19), "18446744073709551616");
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "-Inf");
  for (const double value : {1.0 / 3, 1.7e308, 5e-324, 1763899200.123456, 1e22, 123456789012345678.0}) {
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value);
  }
}

struct accept_case {
  const char* header;
  exposition_format format;
};

class negotiation : public ::testing::TestWithParam<accept_case> {};

TEST_P(negotiation, chooses_what_is_asked_for) { EXPECT_EQ(format_for(GetParam().header), GetParam().format); }

constexpr auto text = exposition_format::text_0_0_4;
constexpr auto openmetrics = exposition_format::openmetrics_1_0_0;

INSTANTIATE_TEST_SUITE_P(
    accept_headers, negotiation,
    ::testing::Values(
        // Prometheus 2.42, 2.55 and 3.
        accept_case{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                    openmetrics},
        accept_case{"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
                    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                    openmetrics},
        accept_case{
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;"
            "version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
            "*/*;q=0.1",
            openmetrics},
        // Prometheus 3 with scrape_protocols: [PrometheusText0.0.4, OpenMetricsText1.0.0].
        accept_case{"text/plain;version=0.0.4;q=0.6,application/"
                    "openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.4",
                    text},
        accept_case{"", text}, accept_case{"*/*", text},
        accept_case{"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", text},
        accept_case{"application/openmetrics-text", openmetrics},
        accept_case{"Application/OpenMetrics-Text; Version=1.0.0", openmetrics},
        accept_case{"application/openmetrics-text; version=\"1.0.0\" ; q=0.2", openmetrics},
        accept_case{"application/openmetrics-text;version=0.0.1", text},
        accept_case{"application/openmetrics-text;q=0", text}, accept_case{"application/openmetrics-text;q=high", text},
        accept_case{"application/openmetrics-text,text/plain", text}, accept_case{",;,=;q=", text}));

TEST(content_types, carry_their_version) {
  EXPECT_EQ(content_type(text), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(openmetrics), "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace
}  // namespace docksweep::report
