// Webhooks and answers as Alertmanager 0.25 writes them, cut off, foreign, and beyond every bound.
#include "alertmanager/alerts_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docksweep::alertmanager {
namespace {

using namespace std::chrono_literals;
using core::failure_code;
using testing::HasSubstr;

const std::string sound = R"({"receiver":"docksweep","status":"firing","alerts":[{"status":"firing",
 "labels":{"alertname":"DiskFull","instance":"node-7:9100","empty":""},"annotations":{"summary":"full"},
 "startsAt":"2026-11-24T10:00:00.123987654Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/graph",
 "fingerprint":"0123456789abcdef"},{"status":"resolved","labels":{"b":"2","a":"1"},
 "startsAt":"2026-11-24T11:00:00+01:00","endsAt":"2026-11-24T12:00:00Z"}],
 "groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://am","version":"4","groupKey":"{}:{}",
 "truncatedAlerts":3,"new_in_v5":[{}]})";

std::string with(const std::string& from, const std::string& what, const std::string& into) {
  auto text = from;
  text.replace(text.find(what), what.size(), into);
  return text;
}

TEST(webhook, is_read_with_unknown_fields_and_without_a_fingerprint) {
  const auto batch = read_webhook(sound);
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->source, core::alert_source::webhook);
  EXPECT_EQ(batch->truncated, 3);
  ASSERT_EQ(batch->alerts.size(), 2U);
  const auto& first = batch->alerts[0];
  EXPECT_TRUE(first.firing);
  EXPECT_EQ(first.labels, (core::label_list{{"alertname", "DiskFull"}, {"instance", "node-7:9100"}}));
  EXPECT_EQ(first.fingerprint, "0123456789abcdef");
  const core::instant ten(std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 10h);
  EXPECT_EQ(first.starts_at, ten + 123ms) << "cut, as the API cuts it";
  EXPECT_FALSE(batch->alerts[1].firing);
  EXPECT_EQ(batch->alerts[1].starts_at, ten);
  EXPECT_EQ(batch->alerts[1].fingerprint, core::fingerprint_of({{"a", "1"}, {"b", "2"}}));
}

TEST(webhook, that_is_cut_off_anywhere_is_refused) {
  for (std::size_t size = 0; size < sound.size(); ++size) {
    const auto batch = read_webhook(std::string_view(sound).substr(0, size));
    ASSERT_FALSE(batch) << size;
    EXPECT_EQ(batch.error().code, failure_code::malformed) << size;
  }
  EXPECT_THAT(read_webhook(sound.substr(0, 100)).error().message, HasSubstr("cut off after 100 bytes"));
}

TEST(webhook, of_somebody_else_is_refused_by_name) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"[]", "no JSON object"},
      {"<xml/>", "no JSON"},
      {R"({"text":"a Slack message"})", "no \"version\""},
      {with(sound, R"("version":"4")", R"("version":"3")"), "another version"},
      {with(sound, R"("version":"4")", R"("version":4)"), "no \"version\""},
      {R"({"version":"4"})", "no list of \"alerts\""},
      {R"({"version":"4","alerts":{}})", "no list of \"alerts\""},
      {R"({"version":"4","alerts":[7]})", "alerts[0] is no object"},
      {R"({"version":"4","alerts":[{"status":"firing","startsAt":"2026-11-24T10:00:00Z"}]})",
       "alerts[0] has no labels"},
      {with(sound, R"("status":"resolved")", R"("status":"gone")"), "alerts[1] has a status"},
      {with(sound, R"("b":"2")", R"("b":2)"), "alerts[1] has a label whose value is no text"},
      {with(sound, "2026-11-24T11:00:00+01:00", "yesterday"), "alerts[1] has no startsAt"},
      {with(sound, "2026-11-24T11:00:00+01:00", "0001-01-01T00:00:00Z"), "alerts[1] has no startsAt"},
      {with(sound, "2026-11-24T11:00:00+01:00", "9999-01-01T00:00:00Z"), "alerts[1] has no startsAt"},
      {with(sound, "2026-11-24T11:00:00+01:00", "2026-11-24T11:00:00Zx"), "alerts[1] has no startsAt"},
      {sound + "x", "no JSON"}};
  for (const auto& [body, why] : wrong) {
    const auto batch = read_webhook(body);
    ASSERT_FALSE(batch) << body;
    EXPECT_EQ(batch.error().code, failure_code::malformed);
    EXPECT_THAT(batch.error().message, HasSubstr(why)) << body;
  }
}

TEST(webhook, has_bounds) {
  const auto of = [](std::size_t alerts, std::size_t labels, std::size_t bytes) {
    std::string list;
    for (std::size_t i = 0; i < labels; ++i) {
      list += (i > 0 ? "," : "") + std::string("\"l") + std::to_string(i) + "\":\"" + std::string(bytes, 'x') + "\"";
    }
    std::string all;
    for (std::size_t i = 0; i < alerts; ++i) {
      all += (i > 0 ? "," : "") + std::string(R"({"status":"firing","startsAt":"2026-11-24T10:00:00Z","labels":{)") +
             list + "}}";
    }
    return read_webhook(R"({"version":"4","alerts":[)" + all + "]}");
  };
  EXPECT_TRUE(of(1000, 1, 1));
  EXPECT_EQ(of(1001, 1, 1).error().code, failure_code::too_large);
  EXPECT_THAT(of(1001, 1, 1).error().message, HasSubstr("max_alerts"));
  EXPECT_TRUE(of(1, 128, 1));
  EXPECT_FALSE(of(1, 129, 1));
  EXPECT_TRUE(of(1, 1, 4096));
  EXPECT_FALSE(of(1, 1, 4097));
  EXPECT_FALSE(read_webhook(std::string(100'000, '['))) << "nor does depth bring it down";
}

TEST(answer, gives_what_is_active_and_nothing_else) {
  const auto entry = [](const char* name, const char* state) {
    return std::string(R"({"annotations":{},"endsAt":"2026-11-24T10:05:00.000Z","fingerprint":"00000000000000)") +
           name + R"(","receivers":[{"name":"r"}],"startsAt":"2026-11-24T10:00:00.123Z","status":{"inhibitedBy":[],)" +
           R"("silencedBy":[],"state":")" + state + R"("},"updatedAt":"2026-11-24T10:00:00.200Z","labels":{"n":")" +
           name + R"("}})";
  };
  const auto found = read_active_alerts("[" + entry("01", "active") + "," + entry("02", "suppressed") + "," +
                                        entry("03", "unprocessed") + "]");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().fingerprint, "0000000000000001");
  EXPECT_EQ(found->front().starts_at, read_webhook(sound)->alerts[0].starts_at)
      << "the webhook's and the API's are one";
  EXPECT_TRUE(read_active_alerts("[]")->empty());
  EXPECT_THAT(read_active_alerts(R"({"code":1})").error().message, HasSubstr("is this the API of an Alertmanager"));
  EXPECT_FALSE(read_active_alerts(R"([{"labels":{},"startsAt":"2026-11-24T10:00:00Z"}])"));
}

}  // namespace
}  // namespace docksweep::alertmanager
