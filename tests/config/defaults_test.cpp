// config/docksweep.toml tells the truth: as it stands it is the defaults, and every line that it offers can be used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "config/effective.hpp"
#include "config/examples.hpp"
#include "config/support.hpp"

namespace docksweep::config {
namespace {

// Takes the "#" from lines that offer a key or a header; comments for people have a blank after it. engine.tls stays: it
// is for a tcp:// address, and the file offers the default one.
std::string uncommented(std::string_view whole) {
  const auto text = std::regex_replace(std::string(whole), std::regex("#tls\\.[a-z]+ = \"/etc/docksweep/engine/[^\n]*\n"), "");
  return std::regex_replace(std::string(text), std::regex("(^|\n)#(?=[^ #\n])"), "$1");
}

std::map<std::string, std::string> rows_of(std::string_view text) {
  const auto loaded = load_text(text, "docksweep.toml", test_environment());
  EXPECT_TRUE(loaded) << in_lines(loaded.error());
  std::map<std::string, std::string> out;
  if (!loaded) return out;
  for (const auto& row : effective_rows(*loaded, secrets::shown)) out[row.path] = row.value.value_or("unset");
  return out;
}

TEST(default_file, is_the_defaults) {
  const auto& text = find_example("default")->text;
  EXPECT_EQ(rows_of(text), rows_of(""));
}

TEST(default_file, is_the_file_of_the_repository) {
  std::ifstream in(DOCKSWEEP_SOURCE_DIR "/config/docksweep.toml");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(find_example("default")->text, text.str());
}

TEST(default_file, offers_lines_that_all_work) {
  const auto rows = rows_of(uncommented(find_example("default")->text));
  EXPECT_EQ(rows.at("policy.pressure.when.exited_above"), "100");
  EXPECT_EQ(rows.at("registry.registry.example.com.username"), "\"ci\"");
}

TEST(default_file, shows_the_default_of_every_key_that_has_one) {
  const auto defaults = rows_of("");
  const auto offered = rows_of(uncommented(find_example("default")->text));
  for (const auto& [path, value] : defaults) {
    if (value == "unset" || path == "alertmanager.urls") continue;
    EXPECT_EQ(offered.at(path), value) << path;
  }
}

// Keys of a policy are only listed where they are set, so the file's policy is compared with the keys that a policy
// knows.
TEST(default_file, names_every_key_of_a_policy) {
  const auto faults = faults_of(
      "[[policy]]\nname = \"p\"\nremove.images = { x_ = 1 }\nwhen.x_ = 1\nuntil.x_ = 1\nx_ = 1\nlimits.x_ = "
      "1\nremove.x_ = 1\nremove.containers.x_ = 1\nremove.volumes.x_ = 1\n");
  const auto offered = uncommented(find_example("default")->text);
  const std::regex line("in policy\\[0\\]([a-z_.]*)\\. Allowed: (.*)");
  int keys = 0;
  std::istringstream lines(faults);
  for (std::string one; std::getline(lines, one);) {
    std::smatch found;
    if (!std::regex_search(one, found, line)) continue;
    const auto table = found[1].str().empty() ? std::string() : found[1].str().substr(1) + ".";
    std::istringstream names(found[2].str());
    for (std::string name; std::getline(names, name, ',');) {
      name.erase(0, name.find_first_not_of(' '));
      EXPECT_TRUE(std::regex_search(offered, std::regex("\n" + table + name + "[ .]"))) << table << name;
      ++keys;
    }
  }
  EXPECT_EQ(keys, 12 + 12 + 5 + 4 + 7 + 4 + 3 + 2);
}

}  // namespace
}  // namespace docksweep::config
