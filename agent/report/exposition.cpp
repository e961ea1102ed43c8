// The two exposition formats differ in HELP escaping, counter names, timestamps and how bucket bounds are spelled.
#include "report/exposition.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "report/utf8.hpp"

namespace docksweep::report {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view total_suffix = "_total";

void append_integer(std::string& out, std::int64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_escaped(std::string& out, std::string_view text, bool escape_quotes) {
  if (text.find_first_of("\\\"\n") == std::string_view::npos) {
    append_valid_utf8(out, text);
    return;
  }
  while (!text.empty()) {
    const auto plain = text.substr(0, text.find_first_of("\\\"\n"));
    append_valid_utf8(out, plain);
    text.remove_prefix(plain.size());
    if (text.empty()) break;
    const char special = text.front();
    if (special == '\n') {
      out += "\\n";
    } else {
      if (special == '\\' || escape_quotes) out += '\\';
      out += special;
    }
    text.remove_prefix(1);
  }
}

std::string_view type_name(MetricType type, bool openmetrics) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Summary: return "summary";
    case MetricType::Histogram: return "histogram";
    default: break;  // newer releases of prometheus-cpp know more kinds than we make
  }
  return openmetrics ? "unknown" : "untyped";
}

// OpenMetrics wants canonical numbers as bounds ("2.0", not "2").
std::string bound_text(double bound, bool openmetrics) {
  std::string out;
  append_number(out, bound);
  if (openmetrics && out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
  return out;
}

class family_writer {
 public:
  family_writer(std::string& out, const MetricFamily& family, exposition_format format)
      : out_(out), family_(family), openmetrics_(format == exposition_format::openmetrics_1_0_0) {}

  void write() {
    std::vector<const ClientMetric*> series;
    series.reserve(family_.metric.size());
    for (const auto& metric : family_.metric) series.push_back(&metric);
    // Equal labels keep the order given (pointers into one array), so that the first of two duplicates stays.
    std::ranges::sort(series, [](const ClientMetric* a, const ClientMetric* b) {
      return std::tie(a->label, a) < std::tie(b->label, b);
    });
    const auto same = [](const ClientMetric* a, const ClientMetric* b) { return a->label == b->label; };
    series.erase(std::unique(series.begin(), series.end(), same), series.end());
    write_head();
    for (const auto* metric : series) write_metric(*metric);
  }

 private:
  void write_head() {
    std::string_view name = family_.name;
    if (openmetrics_ && family_.type == MetricType::Counter && name.ends_with(total_suffix)) {
      name.remove_suffix(total_suffix.size());
    }
    out_ += "# HELP ";
    out_ += name;
    out_ += ' ';
    append_escaped(out_, family_.help, openmetrics_);
    out_ += "\n# TYPE ";
    out_ += name;
    out_ += ' ';
    out_ += type_name(family_.type, openmetrics_);
    out_ += '\n';
  }

  void write_metric(const ClientMetric& metric) {
    switch (family_.type) {
      case MetricType::Counter: {
        const bool suffix = openmetrics_ && !family_.name.ends_with(total_suffix);
        return sample(metric, suffix ? total_suffix : "", metric.counter.value);
      }
      case MetricType::Gauge: return sample(metric, "", metric.gauge.value);
      case MetricType::Summary:
        for (const auto& q : metric.summary.quantile) {
          sample(metric, "", q.value, "quantile", bound_text(q.quantile, openmetrics_));
        }
        sample(metric, "_sum", metric.summary.sample_sum);
        return sample(metric, "_count", static_cast<double>(metric.summary.sample_count));
      case MetricType::Histogram: return write_histogram(metric);
      default: return sample(metric, "", metric.untyped.value);
    }
  }

  void write_histogram(const ClientMetric& metric) {
    bool infinite = false;
    for (const auto& bucket : metric.histogram.bucket) {
      infinite = infinite || std::isinf(bucket.upper_bound);
      sample(metric, "_bucket", static_cast<double>(bucket.cumulative_count), "le",
             bound_text(bucket.upper_bound, openmetrics_));
    }
    const auto count = static_cast<double>(metric.histogram.sample_count);
    if (!infinite) sample(metric, "_bucket", count, "le", "+Inf");
    sample(metric, "_sum", metric.histogram.sample_sum);
    sample(metric, "_count", count);
  }

  void sample(const ClientMetric& metric, std::string_view suffix, double value, std::string_view extra_name = {},
              std::string_view extra_value = {}) {
    out_ += family_.name;
    out_ += suffix;
    char before = '{';
    for (const auto& label : metric.label) {
      append_label(before, label.name, label.value);
      before = ',';
    }
    if (!extra_name.empty()) {
      append_label(before, extra_name, extra_value);
      before = ',';
    }
    if (before == ',') out_ += '}';
    out_ += ' ';
    append_number(out_, value);
    if (metric.timestamp_ms != 0) append_timestamp(metric.timestamp_ms);
    out_ += '\n';
  }

  void append_label(char before, std::string_view name, std::string_view value) {
    out_ += before;
    out_ += name;
    out_ += "=\"";
    append_escaped(out_, value, true);
    out_ += '"';
  }

  void append_timestamp(std::int64_t milliseconds) {
    out_ += ' ';
    if (openmetrics_) {
      append_number(out_, static_cast<double>(milliseconds) / 1000);  // OpenMetrics counts seconds
    } else {
      append_integer(out_, milliseconds);
    }
  }

  std::string& out_;
  const MetricFamily& family_;
  bool openmetrics_;
};

}  // namespace

void append_number(std::string& out, double value) {
  constexpr double exact = 9007199254740992.0;  // 2^53: every integer below is a double of its own
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::fabs(value) <= exact && value == std::trunc(value)) {
    append_integer(out, static_cast<std::int64_t>(value));
  } else {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
  }
}

void write_families(std::string& out, const std::vector<MetricFamily>& families, exposition_format format) {
  std::vector<const MetricFamily*> sorted;
  sorted.reserve(families.size());
  for (const auto& family : families) {
    if (!family.metric.empty()) sorted.push_back(&family);
  }
  std::ranges::sort(sorted, [](const MetricFamily* a, const MetricFamily* b) { return a->name < b->name; });
  for (const auto* family : sorted) family_writer(out, *family, format).write();
}

void close_exposition(std::string& out, exposition_format format) {
  if (format == exposition_format::openmetrics_1_0_0) out += "# EOF\n";
}

}  // namespace docksweep::report
