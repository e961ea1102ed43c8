// The event stream: both generations of shapes, Podman's words, and streams that are cut anywhere or damaged.
#include <gmock/gmock.h>

#include "engine/decode/events.hpp"
#include "support/fixture.hpp"

namespace docksweep {
namespace {

using core::event_kind;
using testing::ElementsAre;

struct reader {
  std::vector<core::engine_event> events;
  engine::event_decoder decoder{[this](const core::engine_event& event) { events.push_back(event); }};

  std::vector<std::string> actions() const {
    std::vector<std::string> all;
    for (const auto& event : events) all.push_back(event.action);
    return all;
  }
};

std::string event(const std::string& action) {
  return R"({"Type":"image","Action":")" + action + R"(","Actor":{"ID":"x"}})";
}

core::engine_event only(const std::string& text) {
  reader in;
  in.decoder.feed(text);
  return in.events.at(0);
}

TEST(decode_events, new_shape) {
  const auto read =
      only(R"({"Type":"container","Action":"commit","Actor":{"ID":"abc","Attributes":{"comment":"","image":"built:2",)"
           R"("imageID":"sha256:)" +
           std::string(64, 'a') +
           R"(","name":"exited","team":"x"}},"scope":"local","time":1795453943,"timeNano":1795453943491338596})");
  EXPECT_EQ(read.kind, event_kind::container);
  EXPECT_EQ(read.action, "commit");
  EXPECT_EQ(read.id, "abc");
  EXPECT_EQ(read.name, "exited");
  EXPECT_EQ(read.image, "built:2");
  EXPECT_EQ(read.image_id, "sha256:" + std::string(64, 'a'));
  EXPECT_EQ(read.time, core::instant(std::chrono::nanoseconds(1795453943491338596)));
}

TEST(decode_events, old_fields_stand_in_for_missing_new_ones) {
  const auto read = only(R"({"status":"start","id":"abc","from":"base:1","Type":"container","time":5})");
  EXPECT_EQ(read.action, "start");
  EXPECT_EQ(read.id, "abc");
  EXPECT_EQ(read.image, "base:1");
  EXPECT_EQ(read.time, core::instant(std::chrono::seconds(5)));
}

TEST(decode_events, podman_words_become_dockers) {
  EXPECT_EQ(only(R"({"Type":"container","Action":"remove","Actor":{"ID":"abc"}})").action, "destroy");
  EXPECT_EQ(only(R"({"Type":"volume","Action":"remove","Actor":{"ID":"abc"}})").action, "remove");
  EXPECT_EQ(only(R"({"Type":"image","Action":"untag","Actor":{"ID":")" + std::string(64, 'a') + "\"}}").id,
            "sha256:" + std::string(64, 'a'));
  EXPECT_EQ(only(R"({"Type":"container","Action":"start","Actor":{"ID":")" + std::string(64, 'a') + "\"}}").id,
            std::string(64, 'a'));
}

TEST(decode_events, references_stay_as_they_are) {
  EXPECT_EQ(only(R"({"Type":"image","Action":"pull","Actor":{"ID":"127.0.0.1:5999/team/a:1"}})").id,
            "127.0.0.1:5999/team/a:1");
  EXPECT_EQ(only(R"({"Type":"image","Action":"pull","Actor":{"ID":""}})").id, "");
}

TEST(decode_events, other_kinds_and_noise_are_delivered) {
  EXPECT_EQ(only(R"({"Type":"network","Action":"connect","Actor":{"ID":"n"}})").kind, event_kind::other);
  EXPECT_EQ(only(R"({"Type":"container","Action":"exec_start: sh -c true","Actor":{"ID":"c"}})").action,
            "exec_start: sh -c true");
  EXPECT_EQ(only(R"({"Type":"container","Action":"health_status: healthy","Actor":{"ID":"c"}})").action,
            "health_status: healthy");
}

TEST(decode_events, line_ends_do_not_matter) {
  for (const std::string between : {"", "\n", "\r\n", "  \n\n "}) {
    reader in;
    in.decoder.feed(event("one") + between + event("two") + between + event("three") + between);
    EXPECT_THAT(in.actions(), ElementsAre("one", "two", "three")) << "between: '" << between << "'";
    EXPECT_EQ(in.decoder.skipped(), 0u);
  }
}

// An event counts as soon as it is there, not when the next one comes.
TEST(decode_events, an_event_is_delivered_with_its_last_byte) {
  reader in;
  const auto text = event("one");
  in.decoder.feed(text.substr(0, text.size() - 1));
  EXPECT_TRUE(in.events.empty());
  in.decoder.feed("}");
  EXPECT_THAT(in.actions(), ElementsAre("one"));
}

TEST(decode_events, every_way_to_cut_the_stream_gives_the_same) {
  const auto text = test::fixture("docker-20.10/events.ndjson").substr(0, 900);
  reader whole;
  whole.decoder.feed(text);
  ASSERT_GE(whole.events.size(), 2u);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    reader in;
    in.decoder.feed(std::string_view(text).substr(0, cut));
    in.decoder.feed(std::string_view(text).substr(cut));
    ASSERT_EQ(in.actions(), whole.actions()) << cut;
    ASSERT_EQ(in.decoder.skipped(), 0u) << cut;
  }
}

TEST(decode_events, an_oversized_object_is_skipped_and_the_next_one_read) {
  reader in;
  in.decoder.feed(event("one") + "\n");
  in.decoder.feed(R"({"Type":"image","Action":"huge","Actor":{"Attributes":{"x":")");
  const std::string piece(64 << 10, 'x');
  for (int i = 0; i < 40; ++i) in.decoder.feed(piece);
  in.decoder.feed("\"}}}\n" + event("two"));
  EXPECT_THAT(in.actions(), ElementsAre("one", "two"));
  EXPECT_EQ(in.decoder.skipped(), 1u);
}

TEST(decode_events, damage_costs_no_more_than_its_line) {
  reader in;
  in.decoder.feed(event("one") + "\n" + R"({"Type":"image",oops "Action":"lost"})" + "\n" + event("two") +
                  "\n<html>\n" + event("three") + "\n");
  EXPECT_THAT(in.actions(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(in.decoder.skipped(), 2u);
}

TEST(decode_events, an_object_without_an_action_and_other_values_are_skipped) {
  reader in;
  in.decoder.feed(R"({}{"Type":"image"}[1,{"Action":"no"}]"text" 5 )" + event("one"));
  EXPECT_THAT(in.actions(), ElementsAre("one"));
  EXPECT_GE(in.decoder.skipped(), 2u);
}

}  // namespace
}  // namespace docksweep
