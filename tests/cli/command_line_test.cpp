// The command line: what is accepted, and what a wrong one is answered with.
#include "cli/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace docksweep::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::expected<command_line, nothing_to_run> parse(std::initializer_list<const char*> words) {
  std::vector<const char*> all{"docksweep"};
  all.insert(all.end(), words);
  return parse_command_line(static_cast<int>(all.size()), all.data());
}

template <typename Command>
Command parsed(std::initializer_list<const char*> words) {
  const auto line = parse(words);
  EXPECT_TRUE(line.has_value()) << (line ? "" : line.error().err);
  if (!line || !std::holds_alternative<Command>(line->what)) {
    ADD_FAILURE() << "another command";
    return {};
  }
  return std::get<Command>(line->what);
}

std::string usage_error(std::initializer_list<const char*> words) {
  const auto line = parse(words);
  if (line) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  EXPECT_EQ(line.error().status, bad_usage);
  EXPECT_EQ(line.error().out, "");
  return line.error().err;
}

TEST(command_line, takes_global_options_before_and_after_the_command) {
  for (const auto& line : {parse({"--config", "a.toml", "--host", "unix:///s", "--trace", "df"}),
                           parse({"df", "--config", "a.toml", "--host=unix:///s", "--trace"})}) {
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(line->global.config, "a.toml");
    EXPECT_EQ(line->global.host, "unix:///s");
    EXPECT_TRUE(line->global.trace);
    EXPECT_TRUE(std::holds_alternative<df_command>(line->what));
  }
}

TEST(command_line, repeats_filters_and_splits_them_at_the_first_equals_sign) {
  const auto images = parsed<images_command>({"images", "--filter", "dangling=true", "-f", "label=a=b", "-q"});
  EXPECT_EQ(images.filter, (filters{{"dangling", "true"}, {"label", "a=b"}}));
  EXPECT_TRUE(images.quiet);
}

TEST(command_line, does_not_swallow_a_word_after_a_filter) {
  EXPECT_THAT(usage_error({"images", "--filter", "dangling=true", "alpine"}), HasSubstr("alpine"));
}

TEST(command_line, knows_each_order_of_images) {
  EXPECT_EQ(parsed<images_command>({"images"}).sort, image_order::size);
  EXPECT_EQ(parsed<images_command>({"images", "--sort", "freed"}).sort, image_order::freed);
  EXPECT_EQ(parsed<images_command>({"images", "--sort", "created"}).sort, image_order::created);
  EXPECT_EQ(parsed<images_command>({"images", "--sort=name"}).sort, image_order::name);
  EXPECT_EQ(parsed<images_command>({"images", "--sort", "used"}).sort, image_order::used);
  EXPECT_THAT(usage_error({"images", "--sort", "age"}), HasSubstr("size, freed, used, created, name"));
}

TEST(command_line, has_each_command) {
  parsed<run_command>({"run"});
  EXPECT_TRUE(parsed<containers_command>({"containers", "--size"}).size);
  EXPECT_TRUE(parsed<df_command>({"df", "--fresh", "-v"}).fresh);
  EXPECT_EQ(parsed<metrics_command>({"metrics", "--output", "f"}).output, "f");
  EXPECT_TRUE(parsed<check_config_command>({"check-config", "--effective"}).effective);
  EXPECT_EQ(parsed<init_command>({"init", "ci-runner"}).name, "ci-runner");
  EXPECT_EQ(parsed<init_command>({"init"}).name, "");
}

TEST(command_line, has_each_command_about_policies) {
  EXPECT_EQ(parsed<plan_command>({"plan"}).policy, "");
  EXPECT_TRUE(parsed<plan_command>({"plan", "nightly", "-v"}).all);
  EXPECT_EQ(parsed<explain_command>({"explain", "alpine:3.19"}).image, "alpine:3.19");
  const auto sweep = parsed<sweep_command>({"sweep", "nightly", "--yes", "--enforce"});
  EXPECT_TRUE(sweep.yes && sweep.enforce && sweep.policy == "nightly");
  const auto remove = parsed<remove_command>({"remove", "a:1", "--even-if", "min_age,local_only", "b"});
  EXPECT_EQ(remove.names, (std::vector<std::string>{"a:1", "b"}));
  EXPECT_TRUE(remove.even_min_age && remove.even_local_only && !remove.yes);
  const auto pause = parsed<pause_command>({"pause", "--for", "4h", "deploying", "it"});
  EXPECT_EQ(pause.reason, (std::vector<std::string>{"deploying", "it"}));
  EXPECT_EQ(pause.span, core::duration(std::chrono::hours(4)));
  EXPECT_FALSE(parsed<pause_command>({"pause", "why"}).span);
  parsed<resume_command>({"resume"});
  EXPECT_EQ(parsed<history_command>({"history", "--sweep", "7"}).sweep, 7);
  EXPECT_EQ(parsed<history_command>({"history", "-n", "3"}).limit, 3);
}

TEST(command_line, has_each_command_about_whole_images) {
  const auto pull = parsed<pull_command>({"pull", "alpine:3.19", "--platform", "linux/arm64/v8", "--auth-file", "f"});
  EXPECT_EQ(pull.reference, "alpine:3.19");
  EXPECT_EQ(pull.platform, "linux/arm64/v8");
  EXPECT_EQ(pull.auth_file, "f");
  EXPECT_FALSE(pull.quiet || pull.json);
  EXPECT_TRUE(parsed<pull_command>({"pull", "-q", "alpine"}).quiet);
  EXPECT_THAT(usage_error({"pull"}), HasSubstr("REF"));
  EXPECT_THAT(usage_error({"pull", "alpine", "debian"}), HasSubstr("debian"));
  EXPECT_THAT(usage_error({"pull", "alpine", "-q", "--json"}), HasSubstr("cannot go together"));
  for (const char* platform : {"arm64", "linux/", "linux//v8", "linux/arm64/v8/x", "linux/arm 64", "Linux/arm64"}) {
    EXPECT_THAT(usage_error({"pull", "alpine", "--platform", platform}), HasSubstr("OS/ARCH[/VARIANT]")) << platform;
  }
}

TEST(command_line, has_undo) {
  EXPECT_EQ(parsed<restore_command>({"restore"}).what, "");
  const auto restore = parsed<restore_command>({"restore", "7", "--dry-run", "--auth-file", "f", "-y"});
  EXPECT_EQ(restore.what, "7");
  EXPECT_EQ(restore.auth_file, "f");
  EXPECT_TRUE(restore.dry_run && restore.yes);
  EXPECT_THAT(usage_error({"restore", "7", "-q", "--json"}), HasSubstr("cannot go together"));
  EXPECT_THAT(usage_error({"restore", "7", "8"}), HasSubstr("8"));
  EXPECT_EQ(parsed<sweep_command>({"sweep", "nightly", "--archive", "/mnt/backup"}).archive, "/mnt/backup");
  EXPECT_THAT(usage_error({"sweep", "nightly", "--archive", "backup"}), HasSubstr("begins with /"));
}

TEST(command_line, refuses_what_makes_no_sense_about_policies) {
  EXPECT_THAT(usage_error({"sweep"}), HasSubstr("POLICY"));
  EXPECT_THAT(usage_error({"remove"}), HasSubstr("NAME"));
  EXPECT_THAT(usage_error({"pause"}), HasSubstr("REASON"));
  EXPECT_THAT(usage_error({"pause", "--for", "4x", "why"}), HasSubstr("--for"));
  EXPECT_THAT(usage_error({"pause", "--for", "0s", "why"}), HasSubstr("--for"));
  EXPECT_THAT(usage_error({"history", "--sweep", "0"}), HasSubstr("--sweep"));
  EXPECT_THAT(usage_error({"history", "--sweep", "1", "--policy", "a"}), HasSubstr("--sweep names one sweep"));
  for (const char* command : {"plan", "history"})
    EXPECT_THAT(usage_error({command, "--json", "-q"}), HasSubstr("cannot go together")) << command;
}

TEST(command_line, says_what_is_wrong_and_where_help_is) {
  EXPECT_THAT(usage_error({"images", "--filter", "dangling"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(usage_error({"images", "--filter", "dangling"}), HasSubstr("Try 'docksweep images --help'."));
  EXPECT_THAT(usage_error({"--host", "unix:///s", "prune"}), StartsWith("docksweep: 'prune' is not a command"));
  EXPECT_THAT(usage_error({"--trace"}), HasSubstr("a command is missing"));
  EXPECT_THAT(usage_error({"images", "--nope"}), HasSubstr("--nope"));
  EXPECT_THAT(usage_error({"images", "-q", "--json"}), HasSubstr("cannot go together"));
  EXPECT_THAT(usage_error({"init", "--force"}), HasSubstr("--output"));
  EXPECT_THAT(usage_error({"images", "df"}), HasSubstr("df"));
  EXPECT_THAT(usage_error({}), HasSubstr("Usage: docksweep"));
}

TEST(command_line, help_teaches_by_example_and_fits_eighty_columns) {
  for (const char* command : {"run", "images", "containers", "df", "metrics", "check-config", "init", "plan", "explain",
                              "sweep", "remove", "pause", "resume", "history", "pull", "restore", "health", "reference"}) {
    const auto line = parse({command, "--help"});
    ASSERT_FALSE(line.has_value());
    EXPECT_EQ(line.error().status, done);
    EXPECT_EQ(line.error().err, "");
    EXPECT_THAT(line.error().out, HasSubstr("Examples:\n  docksweep " + std::string(command)));
    std::size_t from = 0;
    for (auto to = line.error().out.find('\n'); to != std::string::npos; to = line.error().out.find('\n', from)) {
      EXPECT_LE(to - from, 80u) << line.error().out.substr(from, to - from);
      from = to + 1;
    }
  }
}

TEST(command_line, version_names_revision_and_compiler) {
  const auto line = parse({"--version"});
  ASSERT_FALSE(line.has_value());
  EXPECT_EQ(line.error().status, done);
  EXPECT_THAT(line.error().out,
              testing::MatchesRegex("docksweep [0-9.]+ .revision [0-9a-z-]+, (clang|gcc) [0-9.]+.\n"));
}

}  // namespace
}  // namespace docksweep::cli
