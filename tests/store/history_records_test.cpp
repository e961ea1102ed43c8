// Records of sweeps and removals: what goes in comes out, and bytes that make no sense are told apart, never a crash.
#include "store/history_records.hpp"

#include <gtest/gtest.h>

#include <random>

#include "store/state_fixture.hpp"

namespace docksweep::test {
namespace {

using namespace store;

core::removal_record full_removal() {
  core::removal_record removal = sample_removal(7);
  removal.digests.push_back("no digest at all");
  removal.digests.push_back("odd@sha512:abc");
  removal.layers.push_back("sha256:odd");
  removal.why = core::reason::min_age;
  removal.problem = "conflict: unable to delete (must be forced) \xc3\xa4";
  removal.also = {digest_of(8), "short"};
  removal.archive = "/mnt/backup/images/7.tar.zst";
  return removal;
}

// What the record has, beside what columns have.
core::removal_record from_record(const std::string& bytes) {
  core::removal_record removal;
  EXPECT_TRUE(decode(bytes, removal));
  removal.at = at_second(0);
  return removal;
}

TEST(history_records, removals_come_back_as_they_were) {
  EXPECT_EQ(from_record(encode(full_removal())), full_removal());
  core::removal_record empty;
  empty.at = at_second(0);
  EXPECT_EQ(from_record(encode(empty)), empty);
}

TEST(history_records, sweeps_come_back_as_they_were) {
  core::sweep_record sweep;
  sweep.trigger = core::sweep_trigger::alert;
  sweep.actor = "token from 10.0.0.7";
  sweep.cause = "disk 0.87 above 0.85";
  sweep.problem = "stopped: paused";
  sweep.predicted = {-1, INT64_MAX};
  sweep.freed = 0;
  sweep.disk_freed = -12;
  sweep.planned = 500;
  sweep.removed = 499;
  sweep.failed = 1;
  core::sweep_record back;
  ASSERT_TRUE(decode(encode(sweep), back));
  EXPECT_EQ(back, sweep);
  sweep.freed.reset();
  sweep.disk_freed.reset();
  ASSERT_TRUE(decode(encode(sweep), back));
  EXPECT_EQ(back, sweep);
}

TEST(history_records, digests_are_stored_as_raw_bytes) {
  core::removal_record removal = sample_removal(1);
  // Ten layers, the image and one digest at 33 bytes, and the texts.
  EXPECT_LT(encode(removal).size(), 12 * 33 + 180);
}

TEST(history_records, every_word_has_a_number_that_comes_back) {
  for (int i = 0; i <= static_cast<int>(core::sweep_outcome::observed); ++i) {
    EXPECT_EQ(sweep_outcome_from(number_of(static_cast<core::sweep_outcome>(i))), static_cast<core::sweep_outcome>(i));
  }
  for (int i = 0; i <= static_cast<int>(core::removal_outcome::foreign); ++i) {
    const auto outcome = static_cast<core::removal_outcome>(i);
    EXPECT_EQ(removal_outcome_from(number_of(outcome)), outcome);
  }
  for (const core::target_kind kind : core::all_target_kinds) EXPECT_EQ(target_kind_from(number_of(kind)), kind);
  for (const core::reason why : core::all_reasons) {
    core::removal_record removal = sample_removal(1);
    removal.why = why;
    EXPECT_EQ(from_record(encode(removal)).why, why);
  }
  EXPECT_EQ(sweep_outcome_from(99), core::sweep_outcome::failed);
  EXPECT_EQ(removal_outcome_from(-1), core::removal_outcome::unknown);
  EXPECT_EQ(target_kind_from(4), core::target_kind::image);
  EXPECT_EQ(image_origin_from(4), core::image_origin::unknown);
}

TEST(history_records, large_answers_give_way_to_a_note) {
  const std::string fits(inspect_limit_bytes, 'x');
  EXPECT_EQ(bounded_inspect(fits), fits);
  EXPECT_EQ(bounded_inspect(fits + "x"),
            R"({"docksweep_dropped":"the engine's answer of 262145 bytes is over the limit of 262144"})");
  EXPECT_EQ(inspect_without_room("12345"),
            R"({"docksweep_dropped":"no room on a full disk for the engine's answer of 5 bytes"})");
  EXPECT_EQ(inspect_without_room(""), "");
}

TEST(history_records, long_words_of_an_engine_are_cut_between_characters) {
  core::removal_record removal = sample_removal(1);
  for (int i = 0; i < 3000; ++i) removal.problem += "\xc3\xa4";
  removal.problem = "x" + removal.problem;
  const std::string kept = from_record(encode(removal)).problem;
  EXPECT_EQ(kept, removal.problem.substr(0, problem_limit_bytes - 1));
}

TEST(history_records, bytes_cut_short_or_of_another_format_are_refused) {
  core::removal_record removal;
  core::sweep_record sweep;
  const std::string one = encode(full_removal());
  const std::string other = encode(sample_sweep());
  for (std::size_t size = 0; size < one.size(); ++size) EXPECT_FALSE(decode(one.substr(0, size), removal)) << size;
  for (std::size_t size = 0; size < other.size(); ++size) EXPECT_FALSE(decode(other.substr(0, size), sweep)) << size;
  EXPECT_FALSE(decode(one + "x", removal));
  EXPECT_FALSE(decode("\x03" + one.substr(1), removal));
  EXPECT_FALSE(decode(std::string(1, '\0') + one.substr(1), removal));
  EXPECT_FALSE(decode("\x02" + other.substr(1), sweep));
}

TEST(history_records, removals_from_before_archives_are_read) {
  auto removal = full_removal();
  removal.archive.clear();
  const std::string now = encode(removal);
  const std::string then = "\x01" + now.substr(1, now.size() - 2);  // without the length of the archive's path
  core::removal_record read;
  ASSERT_TRUE(decode(then, read));
  EXPECT_EQ(read.also, removal.also);
  EXPECT_EQ(read.archive, "");
}

TEST(history_records, random_bytes_never_do_harm) {
  std::minstd_rand random(11);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) bytes.front() = 1;
    core::removal_record removal;
    core::sweep_record sweep;
    core::shadow_removal shadow;
    (void)decode(bytes, removal);
    (void)decode(bytes, sweep);
    (void)decode_references(bytes, shadow);
  }
}

}  // namespace
}  // namespace docksweep::test
