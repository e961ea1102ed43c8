// Bodies of webhooks and answers of the API as anybody may send them: within bounds, or refused with a short message.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "alertmanager/alerts_json.hpp"
#include "fuzz/invariant.hpp"

namespace {

using namespace docksweep;
using fuzz::must;

void check(const core::alert& one) {
  must(one.labels.size() <= alertmanager::labels_at_most, "too many labels");
  must(std::ranges::is_sorted(one.labels), "labels are not sorted");
  must(one.fingerprint.size() == 16 && one.fingerprint.find_first_not_of("0123456789abcdef") == std::string::npos,
       "a fingerprint is none");
  must(one.starts_at.time_since_epoch() % std::chrono::milliseconds(1) == core::instant::duration(0),
       "a start is no whole millisecond: the API's would be another occurrence");
  const auto text = core::to_text(one);
  must(text.size() <= 200, "a text has no bound");
  must(std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }), "a text breaks a line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto batch = alertmanager::read_webhook(body);
  if (batch) {
    must(batch->alerts.size() <= alertmanager::alerts_at_most, "too many alerts");
    must(batch->truncated >= 0, "fewer than none were left out");
    for (const auto& one : batch->alerts) check(one);
  } else {
    must(!batch.error().message.empty() && batch.error().message.size() < 300, "a message has no bound");
  }
  const auto active = alertmanager::read_active_alerts(body);
  if (!active) return 0;
  for (const auto& one : *active) {
    check(one);
    must(one.firing, "an active alert does not fire");
  }
  return 0;
}
