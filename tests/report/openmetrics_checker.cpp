// Rules: github.com/OpenObservability/OpenMetrics, specification/OpenMetrics.md, version 1.0.0.
#include "report/openmetrics_checker.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <regex>
#include <set>
#include <utility>

namespace docksweep::report::testing {
namespace {

class reader {
 public:
  openmetrics_page read(std::string_view page) {
    if (!page.ends_with("# EOF\n")) fault("does not end with # EOF and a line end");
    bool ended = false;
    while (!page.empty()) {
      const auto end = page.find('\n');
      const std::string line(page.substr(0, end));
      page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
      ++number_;
      if (ended) fault("text after # EOF");
      if (line == "# EOF") {
        ended = true;
      } else if (line.starts_with("# ")) {
        read_metadata(line);
      } else {
        read_sample(line);
      }
    }
    finish_family();
    return std::move(out_);
  }

 private:
  void fault(const std::string& text) { out_.faults.push_back(fmt::format("line {}: {}", number_, text)); }

  void enter_family(const std::string& name) {
    if (name == family_) return;
    finish_family();
    if (!families_.insert(name).second) fault("family " + name + " comes twice");
    family_ = name;
    type_.clear();
    has_help_ = false;
    samples_ = 0;
  }

  void finish_family() {
    if (!family_.empty() && samples_ == 0) fault("family " + family_ + " has no sample");
    finish_histogram();
  }

  void read_metadata(const std::string& line) {
    static const std::regex form(R"re(# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*))re");
    std::smatch part;
    if (!std::regex_match(line, part, form)) return fault("not a HELP, TYPE or UNIT line: " + line);
    enter_family(part[2]);
    if (samples_ > 0) fault("metadata after samples");
    if (part[1] == "TYPE") {
      if (!type_.empty()) fault("TYPE twice");
      type_ = part[3];
      if (!std::set<std::string>{"counter", "gauge", "histogram", "summary", "info", "unknown"}.contains(type_))
        fault("type " + type_);
      if (type_ == "counter" && family_.ends_with("_total")) fault("counter family with _total");
    } else if (part[1] == "HELP") {
      if (std::exchange(has_help_, true)) fault("HELP twice");
      static const std::regex escaped(R"re(([^\\"]|\\[\\n"])*)re");
      if (!std::regex_match(part[3].str(), escaped)) fault("HELP is not escaped");
    }
  }

  void read_sample(const std::string& line) {
    static const std::regex form(R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)( [0-9]+(\.[0-9]+)?)?)re");
    static const std::regex number(R"re([+-]?([0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|Inf)|NaN)re");
    std::smatch part;
    if (!std::regex_match(line, part, form)) return fault("not a sample: " + line);
    if (!std::regex_match(part[4].str(), number)) fault("not a number: " + part[4].str());
    const auto value = std::strtod(part[4].str().c_str(), nullptr);
    const auto labels = part[3].str();
    check_labels(labels);
    check_name(part[1], labels, value);
    ++samples_;
    if (!out_.samples.emplace(part[1].str() + part[2].str(), value).second) fault("series twice: " + line);
  }

  void check_labels(const std::string& labels) {
    static const std::regex whole(R"re((([a-zA-Z_][a-zA-Z0-9_]*)="(([^\\"\n]|\\[\\n"])*)"(,(?!$)|$))*)re");
    static const std::regex one(R"re(([a-zA-Z_][a-zA-Z0-9_]*)="(([^\\"\n]|\\[\\n"])*)")re");
    if (!std::regex_match(labels, whole)) return fault("labels are not well formed: " + labels);
    std::set<std::string> names;
    for (std::sregex_iterator at(labels.begin(), labels.end(), one), end; at != end; ++at) {
      if (!names.insert((*at)[1]).second) fault("label twice: " + labels);
      if ((*at)[2].length() == 0) fault("empty label value: " + labels);
    }
  }

  void check_name(const std::string& name, const std::string& labels, double value) {
    if (type_ == "gauge") {
      if (name != family_) fault("sample " + name + " in gauge family " + family_);
    } else if (type_ == "counter") {
      if (name != family_ + "_total") fault("sample " + name + " in counter family " + family_);
      if (!(value >= 0)) fault("counter below 0");
    } else if (type_ == "histogram") {
      check_histogram(name, labels, value);
    } else {
      fault("sample " + name + " of a family without TYPE");
    }
  }

  // Histograms on the page have no labels but le.
  void check_histogram(const std::string& name, const std::string& labels, double value) {
    if (name == family_ + "_bucket") {
      static const std::regex form(R"re(le="(([0-9]+\.[0-9]+([eE][+-]?[0-9]+)?)|\+Inf)")re");
      std::smatch part;
      if (!std::regex_match(labels, part, form)) return fault("le is not canonical: " + labels);
      const auto bound = std::strtod(part[1].str().c_str(), nullptr);
      if (last_bound_ && bound <= *last_bound_) fault("buckets are not in order");
      if (last_bound_ && value < last_count_) fault("buckets are not cumulative");
      last_bound_ = bound;
      last_count_ = value;
      infinite_ = part[1] == "+Inf";
    } else if (name == family_ + "_count") {
      if (!infinite_ || value != last_count_) fault("_count is not the +Inf bucket");
    } else if (name != family_ + "_sum") {
      fault("sample " + name + " in histogram family " + family_);
    }
  }

  void finish_histogram() {
    if (type_ == "histogram" && !infinite_) fault("histogram without +Inf bucket");
    last_bound_.reset();
    infinite_ = false;
  }

  openmetrics_page out_;
  int number_ = 0, samples_ = 0;
  std::string family_, type_;
  bool has_help_ = false, infinite_ = false;
  std::optional<double> last_bound_;
  double last_count_ = 0;
  std::set<std::string> families_;
};

}  // namespace

openmetrics_page read_openmetrics(std::string_view page) { return reader().read(page); }

}  // namespace docksweep::report::testing
