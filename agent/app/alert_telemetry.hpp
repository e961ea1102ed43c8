// The port for what is counted about alerts (METRICS.md). report/ implements it beside app::telemetry.
#pragma once

#include <string_view>

#include "core/alert.hpp"

namespace docksweep::app {

// Label values of docksweep_alerts_rejected_total{reason}.
enum class alert_rejection { auth, malformed, too_large, unmatched, other_node, busy };
inline constexpr alert_rejection all_alert_rejections[] = {alert_rejection::auth,       alert_rejection::malformed,
                                                           alert_rejection::too_large,  alert_rejection::unmatched,
                                                           alert_rejection::other_node, alert_rejection::busy};
// Here and not in a .cpp: report/ knows this header and nothing else of app/.
constexpr std::string_view to_string(alert_rejection why) {
  switch (why) {
    case alert_rejection::auth:
      return "auth";
    case alert_rejection::malformed:
      return "malformed";
    case alert_rejection::too_large:
      return "too_large";
    case alert_rejection::unmatched:
      return "unmatched";
    case alert_rejection::other_node:
      return "other_node";
    case alert_rejection::busy:
      return "busy";
  }
  return "unknown";
}

class alert_telemetry {
 public:
  virtual ~alert_telemetry() = default;
  virtual void alert_received(core::alert_source source, bool firing) = 0;
  virtual void alert_rejected(alert_rejection why) = 0;
  virtual void alertmanager_request(bool failed) = 0;  // one request to one Alertmanager
};

}  // namespace docksweep::app
