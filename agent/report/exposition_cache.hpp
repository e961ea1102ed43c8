// The /metrics page, rendered as seldom as possible: what is on the node when it changes, the agent's own counters at
// most once a second; each format and encoding only when somebody asks for it. Between two changes every scrape gets
// the same string, and copies nothing. Belongs to one thread.
#pragma once

#include <prometheus/metric_family.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "report/gzip.hpp"
#include "report/negotiation.hpp"

namespace docksweep::report {

enum class content_encoding { identity, gzip };

// Where the page comes from. The two parts have no family in common.
struct exposition_sources {
  using families = std::function<std::vector<prometheus::MetricFamily>()>;
  std::function<std::uint64_t()> state_revision;  // changes whenever `state` would say something else
  families state;                                 // node_families(...)
  families own;                                   // telemetry.families() and process_families()
};

class exposition_cache {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit exposition_cache(exposition_sources sources);

  // The page as it is now; never null. The caller adds Content-Type (content_type) and, for gzip, Content-Encoding.
  std::shared_ptr<const std::string> page(exposition_format format, content_encoding encoding, time_point now);

 private:
  struct part {
    std::uint64_t revision = 0;  // 0: not rendered yet
    std::string text;
    std::optional<deflated_part> packed;
  };
  struct rendering {
    part state, own;
    std::array<std::shared_ptr<const std::string>, 2> pages;  // by content_encoding; null: to be made
  };

  void refresh(rendering& what, exposition_format format);

  exposition_sources sources_;
  std::uint64_t source_revision_ = 0;
  std::uint64_t state_revision_ = 0;   // 0: nothing read yet
  std::uint64_t own_revision_ = 0;
  time_point own_since_{};
  std::array<rendering, 2> renderings_;  // by exposition_format
};

}  // namespace docksweep::report
