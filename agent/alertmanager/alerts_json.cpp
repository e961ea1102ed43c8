#include "alertmanager/alerts_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "core/rfc3339.hpp"

namespace docksweep::alertmanager {
namespace {

namespace json = boost::json;
using core::failure_code;

std::unexpected<core::failure> malformed(std::string message) {
  return core::fail(failure_code::malformed, std::move(message));
}

core::result<json::value> parse(std::string_view body) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  if (error == json::error::incomplete) {
    return malformed(fmt::format("the JSON is cut off after {} bytes", body.size()));
  }
  if (error) return malformed(fmt::format("this is no JSON: {}", error.message()));
  return value;
}

const json::string* text_at(const json::object& from, std::string_view key) {
  const auto* found = from.if_contains(key);
  return found == nullptr ? nullptr : found->if_string();
}

core::result<core::label_list> labels_of(const json::object& from, const std::string& where) {
  const auto* found = from.if_contains("labels");
  const auto* labels = found == nullptr ? nullptr : found->if_object();
  if (labels == nullptr) return malformed(where + " has no labels");
  if (labels->size() > labels_at_most)
    return malformed(fmt::format("{} has more than {} labels", where, labels_at_most));
  core::label_list out;
  for (const auto& [name, value] : *labels) {
    const auto* text = value.if_string();
    if (text == nullptr) return malformed(where + " has a label whose value is no text");
    if (name.size() > label_bytes_at_most || text->size() > label_bytes_at_most) {
      return malformed(fmt::format("{} has a label with more than {} bytes", where, label_bytes_at_most));
    }
    // An empty label is one that is not there.
    if (!text->empty()) out.emplace_back(std::string(name), std::string(*text));
  }
  std::ranges::sort(out);
  return out;
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

core::result<core::alert> alert_from(const json::value& value, const std::string& where) {
  const auto* from = value.if_object();
  if (from == nullptr) return malformed(where + " is no object");
  auto labels = labels_of(*from, where);
  if (!labels) return std::unexpected(std::move(labels).error());
  const auto* starts = text_at(*from, "startsAt");
  const auto moment = starts == nullptr ? std::nullopt : core::parse_rfc3339(*starts);
  if (!moment) return malformed(where + " has no startsAt, or one that is no moment");
  core::alert out{.labels = *std::move(labels), .firing = true, .starts_at = *moment, .fingerprint = {}};
  const auto* fingerprint = text_at(*from, "fingerprint");
  const bool sent = fingerprint != nullptr && is_fingerprint(*fingerprint);
  out.fingerprint = sent ? std::string(*fingerprint) : core::fingerprint_of(out.labels);
  return out;
}

core::result<bool> is_firing(const json::value& value, const std::string& where) {
  const auto* status = text_at(value.get_object(), "status");
  if (status != nullptr && (*status == "firing" || *status == "resolved")) return *status == "firing";
  return malformed(where + R"( has a status that is neither "firing" nor "resolved")");
}

}  // namespace

core::result<core::alert_batch> read_webhook(std::string_view body) {
  if (body.empty()) return malformed("the body is empty: Alertmanager posts a JSON object");
  const auto whole = parse(body);
  if (!whole) return std::unexpected(whole.error());
  const auto* from = whole->if_object();
  if (from == nullptr) return malformed("this is no webhook of Alertmanager: it is no JSON object");
  const auto* version = text_at(*from, "version");
  if (version == nullptr) return malformed("this is no webhook of Alertmanager: it has no \"version\"");
  if (*version != "4") return malformed(R"(this webhook has another version than "4", the only one that is known)");
  const auto* listed = from->if_contains("alerts");
  const auto* alerts = listed == nullptr ? nullptr : listed->if_array();
  if (alerts == nullptr) return malformed("this webhook has no list of \"alerts\"");
  if (alerts->size() > alerts_at_most) {
    return core::fail(failure_code::too_large,
                      fmt::format("this webhook has {} alerts, and {} is the most: set max_alerts "
                                  "in Alertmanager's webhook_config, or group_by",
                                  alerts->size(), alerts_at_most));
  }
  core::alert_batch batch;
  for (std::size_t i = 0; i < alerts->size(); ++i) {
    const auto where = fmt::format("alerts[{}]", i);
    auto one = alert_from(alerts->at(i), where);
    if (!one) return std::unexpected(std::move(one).error());
    const auto firing = is_firing(alerts->at(i), where);
    if (!firing) return std::unexpected(firing.error());
    one->firing = *firing;
    batch.alerts.push_back(*std::move(one));
  }
  if (const auto* left = from->if_contains("truncatedAlerts"); left != nullptr && left->is_int64()) {
    batch.truncated = static_cast<int>(std::clamp<std::int64_t>(left->get_int64(), 0, 1'000'000'000));
  }
  return batch;
}

core::result<std::vector<core::alert>> read_active_alerts(std::string_view body) {
  const auto whole = parse(body);
  if (!whole) return std::unexpected(whole.error());
  const auto* all = whole->if_array();
  if (all == nullptr) return malformed("it is no list of alerts: is this the API of an Alertmanager (v2)?");
  if (all->size() > answered_at_most) {
    return core::fail(failure_code::too_large, fmt::format("it has more than {} alerts", answered_at_most));
  }
  std::vector<core::alert> active;
  for (std::size_t i = 0; i < all->size(); ++i) {
    const auto where = fmt::format("[{}]", i);
    auto one = alert_from(all->at(i), where);
    if (!one) return std::unexpected(std::move(one).error());
    const auto* found = all->at(i).get_object().if_contains("status");
    const auto* status = found == nullptr ? nullptr : found->if_object();
    const auto* state = status == nullptr ? nullptr : text_at(*status, "state");
    if (state == nullptr) return malformed(where + " has no status.state");
    if (*state == "active") active.push_back(*std::move(one));
  }
  return active;
}

}  // namespace docksweep::alertmanager
