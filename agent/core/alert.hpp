// Alerts as Alertmanager tells of them, and what is remembered of those that a policy answers.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"
#include "core/quantity.hpp"

namespace docksweep::core {

enum class alert_source { webhook, alertmanager };  // alertmanager: asked by this node
inline constexpr std::array all_alert_sources{alert_source::webhook, alert_source::alertmanager};
std::string_view to_string(alert_source source);

struct alert {
  label_list labels;        // sorted by name
  bool firing = true;       // false: resolved
  instant starts_at{};      // whole milliseconds: Alertmanager's API gives no more, its webhook does
  std::string fingerprint;  // of the labels: 16 hex digits, the same in webhooks and in the API
  bool operator==(const alert&) const = default;

  std::string_view label(std::string_view name) const;  // empty: it has none
  std::string_view name() const { return label("alertname"); }
};

// A webhook, or an answer of Alertmanager.
struct alert_batch {
  alert_source source = alert_source::webhook;
  std::vector<alert> alerts;
  int truncated = 0;  // so many more that Alertmanager left out (max_alerts of its webhook_config)
};

// What Alertmanager computes of labels (Prometheus' model.LabelSet.Fingerprint: FNV-1a over the sorted names and
// values, 0xff after each). For senders that leave it out.
std::string fingerprint_of(const label_list& labels);

// "DiskFull{instance="node-7:9100",mountpoint="/data"}", at most 200 bytes: for causes and logs.
std::string to_text(const alert& one);

// One occurrence of an alert, and the policy that it is to start. An alert that ends and fires again has another start,
// and is another occurrence; one that is told again is not.
struct alert_key {
  std::string policy, fingerprint;
  instant starts_at{};
  auto operator<=>(const alert_key&) const = default;
};

enum class alert_state {
  waiting,   // it is to start its policy as soon as that may run
  begun,     // its sweep has begun (or was planned, in observe mode): it starts no other
  resolved,  // it ended before its policy could run
};

struct alert_record {
  alert_key key;
  alert_state state = alert_state::waiting;
  alert_source source = alert_source::webhook;  // who told of it first
  std::string text;                             // to_text
  instant heard_at{};                           // when it was last told of
  bool operator==(const alert_record&) const = default;
};

}  // namespace docksweep::core
