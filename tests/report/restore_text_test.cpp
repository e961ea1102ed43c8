// Restorations for people and for programs.
#include "report/restore_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace docksweep::report {
namespace {

namespace json = boost::json;
using core::restore_outcome;
using kind = core::restoration::source::kind;
using ::testing::HasSubstr;
using ::testing::Not;

core::restoration wanted(std::string tag) {
  core::restoration one;
  one.removal.object_id = "sha256:" + std::string(64, 'a');
  one.removal.references = {std::move(tag)};
  one.sources = {{kind::registry, "docker.io/library/app@sha256:d"}};
  one.names = one.removal.references;
  return one;
}

core::restored_image ended(restore_outcome outcome, std::string tag, std::string problem = {}) {
  core::restored_image one;
  one.what = wanted(std::move(tag));
  one.outcome = outcome;
  one.problem = std::move(problem);
  if (outcome == restore_outcome::restored) {
    one.source = "docker.io/library/app@sha256:d";
    one.names_given = one.what.names;
  }
  return one;
}

TEST(restore_text, shows_where_each_image_would_come_from) {
  auto there = wanted("there:1");
  there.present = true;
  there.sources.clear();
  auto lost = wanted("built:1");
  lost.sources.clear();
  lost.why_not = "it was built here";
  auto saved = wanted("saved:1");
  saved.sources.insert(saved.sources.begin(), {kind::archive, "/backup/a.tar.zst"});
  saved.taken = {{"saved:2", "sha256:bb"}};
  const std::vector all{there, lost, saved};
  const auto text = restore_plan_text(all, {.width = 0});
  EXPECT_THAT(text, HasSubstr("it is there"));
  EXPECT_THAT(text, HasSubstr("cannot: it was built here"));
  EXPECT_THAT(text, HasSubstr("/backup/a.tar.zst, else docker.io/library/app@sha256:d"));
  EXPECT_THAT(text, HasSubstr("saved:1, not saved:2 (another image has it)"));
}

TEST(restore_text, sums_up_and_says_what_did_not_come_back) {
  const std::vector all{ended(restore_outcome::restored, "app:1"), ended(restore_outcome::already_back, "app:2"),
                        ended(restore_outcome::failed, "app:3", "the registry no longer has it"),
                        ended(restore_outcome::incomplete, "app:4", "app:4 means another image since: sha256:bb")};
  const auto text = restore_summary(all);
  EXPECT_THAT(text, HasSubstr("Restored 1 of 4 images, 1 was there already.\n"));
  EXPECT_THAT(text, HasSubstr("app:3: not restored; the registry no longer has it\n"));
  EXPECT_THAT(text, HasSubstr("app:4: is there; app:4 means another image since: sha256:bb\n"));
  EXPECT_THAT(text, Not(HasSubstr("app:1:")));
  EXPECT_EQ(restored_line(all[0]), "app:1: restored from docker.io/library/app@sha256:d");
}

TEST(restore_text, json_has_every_image) {
  const std::vector all{ended(restore_outcome::restored, "app:1"),
                        ended(restore_outcome::not_possible, "built:1", "it was built here")};
  const auto read = json::parse(restore_json(7, {}, all));
  EXPECT_EQ(read.at("sweep"), 7);
  EXPECT_EQ(read.at("restored"), 1);
  EXPECT_EQ(read.at("not_restored"), 1);
  const auto& first = read.at("images").at(0);
  EXPECT_EQ(first.at("outcome"), "restored");
  EXPECT_EQ(first.at("source"), "docker.io/library/app@sha256:d");
  EXPECT_EQ(first.at("names_given"), json::parse(R"(["app:1"])"));
  EXPECT_EQ(first.at("problem"), nullptr);
  EXPECT_EQ(read.at("images").at(1).at("problem"), "it was built here");
}

TEST(restore_text, json_of_what_would_be_done_has_no_outcome) {
  const std::vector planned{wanted("app:1")};
  const auto read = json::parse(restore_json(std::nullopt, planned, {}));
  EXPECT_EQ(read.at("sweep"), nullptr);
  EXPECT_EQ(read.at("restored"), 0);
  EXPECT_EQ(read.at("images").at(0).at("outcome"), nullptr);
  EXPECT_EQ(read.at("images").at(0).at("sources"), json::parse(R"(["docker.io/library/app@sha256:d"])"));
}

}  // namespace
}  // namespace docksweep::report
