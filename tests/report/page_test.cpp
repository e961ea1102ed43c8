// The whole page of a sample node, judged by promtool, by Prometheus' parser and by a strict OpenMetrics reader.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "report/exposition.hpp"
#include "report/node_metrics.hpp"
#include "report/openmetrics_checker.hpp"
#include "report/policy_metrics.hpp"
#include "report/process_metrics.hpp"
#include "report/sample_node.hpp"
#include "report/sample_policies.hpp"
#include "report/sweep_counts.hpp"
#include "report/telemetry.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::report {
namespace {

using testing::read_openmetrics;

std::string page_of(const node_state& state, const node_options& options, exposition_format format) {
  prometheus_telemetry telemetry({"0.1.0", "abc123", "clang 19.1.7"}, testing::sample_now);
  telemetry.config_loaded("0123abcd", testing::sample_now());
  telemetry.engine_request("ping", std::chrono::milliseconds(3), false);
  telemetry.refresh(std::chrono::milliseconds(40));
  std::string out;
  write_families(out, node_families(state, options), format);
  const testing::sample_policies policies;
  write_families(out, policy_families(policies.figures()), format);
  sweep_counts sweeps;
  sweeps.know_policies(policies.names());
  sweeps.sweep_ended(policies.sweep(), std::chrono::milliseconds(1500));
  auto own = telemetry.families();
  for (auto& family : sweeps.families()) own.push_back(std::move(family));
  for (auto& family : process_families()) own.push_back(std::move(family));
  write_families(out, own, format);
  close_exposition(out, format);
  return out;
}

std::string write_file(const test::temp_folder& folder, const std::string& text) {
  const auto file = folder.file("page");
  std::ofstream(file) << text;
  return file;
}

struct outcome {
  int status = -1;
  std::string text;  // stdout and stderr
};

outcome run(const std::string& command) {
  outcome out;
  auto* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return out;
  std::array<char, 4096> buffer{};
  while (const auto count = fread(buffer.data(), 1, buffer.size(), pipe)) out.text.append(buffer.data(), count);
  const int status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

TEST(page, promtool_finds_nothing_to_say) {
  const test::temp_folder folder;
  const auto file =
      write_file(folder, page_of(testing::sample_state(), {.per_image = 3}, exposition_format::text_0_0_4));
  const auto said = run("promtool check metrics < " + file);
  EXPECT_EQ(said.status, 0) << "promtool (Debian package prometheus) is needed for this test";
  EXPECT_EQ(said.text, "");
}

TEST(page, promtool_would_have_said_something) {  // the test above can fail
  const test::temp_folder folder;
  const auto file = write_file(
      folder, "# HELP docksweep_bad_total A gauge.\n# TYPE docksweep_bad_total gauge\ndocksweep_bad_total 1\n");
  EXPECT_NE(run("promtool check metrics < " + file).status, 0);
}

TEST(page, is_strict_openmetrics) {
  for (const bool with_view : {true, false}) {
    auto state = testing::sample_state();
    if (!with_view) state.view = nullptr;
    const auto page = page_of(state, {.per_image = 3}, exposition_format::openmetrics_1_0_0);
    EXPECT_THAT(read_openmetrics(page).faults, ::testing::IsEmpty()) << page;
  }
}

// promtool reads OpenMetrics with the parser of the server, but wants a timestamp on each sample.
TEST(page, is_read_by_prometheus_own_openmetrics_parser) {
  const test::temp_folder folder;
  const auto page = page_of(testing::sample_state(), {.per_image = 3}, exposition_format::openmetrics_1_0_0);
  std::istringstream lines(page);
  std::string stamped;
  for (std::string line; std::getline(lines, line);)
    stamped += line.starts_with("#") ? line + "\n" : line + " 1763899200\n";
  const auto file = write_file(folder, stamped);
  const auto said = run(fmt::format("promtool tsdb create-blocks-from openmetrics {} {}", file, folder.file("blocks")));
  EXPECT_EQ(said.status, 0) << said.text;
  std::filesystem::create_directory(folder.file("blocks/wal"));  // dump insists on one
  std::filesystem::create_directory(folder.file("data"));        // newer ones keep their sandbox in ./data
  const auto dump = run(fmt::format("cd {} && promtool tsdb dump blocks", folder.file("")));
  EXPECT_EQ(dump.status, 0) << dump.text;
  const auto stored = static_cast<std::size_t>(std::count(dump.text.begin(), dump.text.end(), '\n'));
  EXPECT_EQ(stored, read_openmetrics(page).samples.size());
  EXPECT_NE(dump.text.find("__name__=\"docksweep_images_reclaimable_bytes\"} 5300 "), std::string::npos) << dump.text;
}

TEST(page, stays_well_below_four_hundred_series) {
  auto state = testing::sample_state();
  state.view = testing::big_view(1000);
  const auto page = read_openmetrics(page_of(state, {}, exposition_format::openmetrics_1_0_0));
  RecordProperty("series", static_cast<int>(page.samples.size()));
  fmt::print("series on a node with 1,000 images: {}\n", page.samples.size());
  EXPECT_LT(page.samples.size(), 400u);  // METRICS.md: with three policies, and they are in it
  EXPECT_GT(page.samples.size(), 200u);
}

TEST(page, names_and_labels_keep_the_conventions) {
  const auto page = page_of(testing::sample_state(), {.per_image = 3}, exposition_format::text_0_0_4);
  static const std::regex type_line("# TYPE (\\S+) (\\S+)");
  static const std::regex sample("([a-z_]+)(\\{([^}]*)\\})? .*");
  static const std::regex label("([a-z_]+)=\"");
  const std::set<std::string> forbidden{"type", "env", "service", "cluster", "region", "zone", "job", "instance"};
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch part;
    if (std::regex_match(line, part, type_line)) {
      const std::string name = part[1];
      EXPECT_TRUE(name.starts_with("docksweep_") || name.starts_with("process_")) << line;
      EXPECT_EQ(name.ends_with("_total"), part[2] == "counter") << line;
    } else if (std::regex_match(line, part, sample)) {
      const std::string name = part[1], labels = part[3];
      if (name.ends_with("_info")) {
        EXPECT_TRUE(line.ends_with(" 1")) << line;
      }
      EXPECT_EQ(line.find("=\"total\""), std::string::npos) << line;
      for (std::sregex_iterator at(labels.begin(), labels.end(), label), end; at != end; ++at) {
        EXPECT_FALSE(forbidden.contains((*at)[1])) << line;
        EXPECT_EQ(name.find((*at)[1].str() + "_total"), std::string::npos) << line;
      }
    } else {
      EXPECT_TRUE(line.starts_with("# HELP ")) << line;
    }
  }
}

TEST(page, every_family_says_what_it_is) {
  auto families = node_families(testing::sample_state(), {.per_image = 3});
  for (const auto& family : prometheus_telemetry({"1", "2", "3"}).families()) families.push_back(family);
  for (const auto& family : process_families()) families.push_back(family);
  for (const auto& family : sweep_counts().families()) families.push_back(family);
  for (const auto& family : policy_families(testing::sample_policies().figures())) families.push_back(family);
  std::set<std::string> names;
  for (const auto& family : families) {
    EXPECT_GT(family.help.size(), 10u) << family.name;
    EXPECT_TRUE(family.help.ends_with(".")) << family.name;
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " comes twice";
  }
}

}  // namespace
}  // namespace docksweep::report
