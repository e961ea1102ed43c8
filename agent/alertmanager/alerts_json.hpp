// What Alertmanager sends and answers, as alerts. Unknown fields are ignored; what is needed and missing, or of another
// type, is a failure (malformed) that says where. Everything is bounded: a sender may be anybody who holds the token.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/alert.hpp"
#include "core/failure.hpp"

namespace docksweep::alertmanager {

inline constexpr std::size_t alerts_at_most = 1000;  // in one webhook (max_alerts of webhook_config bounds it there)
inline constexpr std::size_t labels_at_most = 128;   // of one alert; kube-prometheus' have up to 30
inline constexpr std::size_t label_bytes_at_most = 4096;  // of one name or value
inline constexpr std::size_t answered_at_most = 10'000;   // alerts in an answer of the API

// The body of a webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
// Failures: malformed, too_large (too many alerts).
core::result<core::alert_batch> read_webhook(std::string_view body);

// The answer of GET /api/v2/alerts: those whose state is "active".
core::result<std::vector<core::alert>> read_active_alerts(std::string_view body);

}  // namespace docksweep::alertmanager
