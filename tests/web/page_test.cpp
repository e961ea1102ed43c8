// The page: its figures, its words in trouble, and nothing in it that a name from outside could abuse.
#include "web/page.hpp"

#include <gtest/gtest.h>

#include "web/html.hpp"

namespace docksweep::web {
namespace {

using core::image_state;
using namespace std::chrono_literals;

bool has(const std::string& page, std::string_view text) {
  return page.find(text) != std::string::npos;
}

core::image image_of(const std::string& id, std::vector<std::string> tags, core::byte_count size) {
  core::image made;
  made.id = id;
  made.tags = std::move(tags);
  made.size = size;
  return made;
}

std::shared_ptr<const core::image_details> details_of(const std::string& id, std::vector<std::string> diffs,
                                                      std::vector<core::byte_count> sizes) {
  core::image_details made;
  made.id = id;
  made.chain_ids = core::chain_ids(diffs);
  made.diff_ids = std::move(diffs);
  made.history_sizes = std::move(sizes);
  made.has_history = true;
  return std::make_shared<const core::image_details>(std::move(made));
}

// Two images on one base of 100 MB: one in use with 50 MB of its own, one unused with 30 MB; and a dangling one of 5
// MB.
core::inventory small_node() {
  core::inventory what;
  what.engine.engine = "docker";
  what.engine.version = "26.1.5";
  what.engine.root_dir = "/var/lib/docker";
  what.images = {image_of("sha256:aa", {"app:1", "app:latest"}, 150'000'000),
                 image_of("sha256:bb", {"tool:2"}, 130'000'000), image_of("sha256:cc", {}, 5'000'000)};
  what.details = {details_of("sha256:aa", {"sha256:01", "sha256:02"}, {100'000'000, 50'000'000}),
                  details_of("sha256:bb", {"sha256:01", "sha256:03"}, {100'000'000, 30'000'000}),
                  details_of("sha256:cc", {"sha256:04"}, {5'000'000})};
  core::container running;
  running.id = "c1";
  running.image_id = "sha256:aa";
  what.containers = {running};
  what.disk.emplace();
  what.disk->volumes.resize(3);
  what.disk->volumes[0].references = 0;
  what.disk->volumes[1].references = 2;
  what.disk->volumes_bytes = 7'000'000;
  return what;
}

page_figures figures() {
  page_figures made;
  made.host = "node-7";
  made.version = "0.1.0";
  made.now = core::instant{} + 1000h;
  made.engine_up = true;
  auto what = small_node();
  what.complete_at = made.now - 42s;
  what.disk->made_at = made.now - 9min;
  made.node = figures_of(core::view(std::move(what)));
  return made;
}

TEST(page_figures, come_from_the_view) {
  const auto made = figures();
  const auto& node = *made.node;
  EXPECT_EQ(node.images, (std::array<std::int64_t, 4>{1, 1, 1, 0}));
  EXPECT_EQ(node.reclaimable, (core::byte_range{35'000'000, 35'000'000}));
  EXPECT_EQ(node.dangling_reclaimable, (core::byte_range{5'000'000, 5'000'000}));
  EXPECT_EQ(node.volumes, 3);
  EXPECT_EQ(node.unreferenced_volumes, 1);
  ASSERT_EQ(node.largest.size(), 3U);
  EXPECT_EQ(node.largest[0].name, "app:1");
  EXPECT_EQ(node.largest[0].more_names, 1U);
  EXPECT_EQ(node.largest[1].name, "tool:2");
  EXPECT_EQ(node.largest[1].alone.at_least, 30'000'000);
  EXPECT_EQ(node.largest[2].name, "");
}

TEST(page_figures, keep_the_largest_and_count_the_rest) {
  const auto node = figures_of(core::view(small_node()), 1);
  ASSERT_EQ(node.largest.size(), 1U);
  EXPECT_EQ(node.largest[0].name, "app:1");
  EXPECT_EQ(node.images_left_out, 2);
}

TEST(page, shows_the_main_figures) {
  auto what = figures();
  what.disks.push_back({{"/var/lib/docker", 1'000'000'000, 100'000'000, 150'000'000, 1000, 250}, 200'000'000});
  const auto page = render_page(what);
  for (const auto text :
       {"node-7", "docker 26.1.5", "35.0\u00a0MB", "3 images, 1 in use", "3 volumes, 1 in no container", "app:1",
        "tool:2", "30.0\u00a0MB", "90 % used", "inodes <b>75 %", "200\u00a0MB", "42 s ago", "9 min ago", "observing",
        R"(href="/metrics")", R"(href="/api/v1/inventory")"}) {
    EXPECT_TRUE(has(page, text)) << text;
  }
  EXPECT_FALSE(has(page, R"(role="alert")"));
}

TEST(page, says_what_to_do_when_the_engine_is_down) {
  auto what = figures();
  what.engine_up = false;
  what.engine_problem = "connect to /var/run/docker.sock: Connection refused";
  auto page = render_page(what);
  EXPECT_TRUE(has(page, "does not answer"));
  EXPECT_TRUE(has(page, "Connection refused"));
  EXPECT_TRUE(has(page, "systemctl status docker"));
  EXPECT_TRUE(has(page, "The figures below are from 42 s ago"));
  what.node.reset();
  what.engine_absent = true;
  page = render_page(what);
  EXPECT_TRUE(has(page, "No container engine was found"));
  EXPECT_TRUE(has(page, "[engine]"));
  EXPECT_FALSE(has(page, "Largest images"));
}

TEST(page, escapes_everything_from_outside) {
  const std::string attack = R"(<script>alert("1")</script>'&)";
  auto what = figures();
  what.host = what.version = what.engine_problem = attack;
  what.engine_up = false;
  auto& node = *what.node;
  node.engine.engine = node.engine.version = node.engine.api_version = node.engine.storage_driver =
      node.engine.root_dir = attack;
  node.largest[0].name = node.largest[0].id = attack;
  what.disks.push_back({{attack, 100, 50, 50, 0, 0}, std::nullopt});
  const auto page = render_page(what);
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "alert(\""));
  EXPECT_TRUE(has(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;"));
}

TEST(page, has_a_policy_that_allows_its_style_and_nothing_else) {
  const auto& policy = page_security_policy();
  EXPECT_TRUE(has(policy, "default-src 'none'"));
  EXPECT_TRUE(has(policy, "style-src 'sha256-"));
  EXPECT_FALSE(has(policy, "unsafe"));
  const auto page = render_page(figures());
  EXPECT_FALSE(has(page, " style=")) << "an inline style, which the policy forbids";
  EXPECT_FALSE(has(page, "<script"));
}

TEST(figures_text, reads_as_people_write_it) {
  EXPECT_EQ(bytes_text(0), "0\u00a0B");
  EXPECT_EQ(bytes_text(999), "999\u00a0B");
  EXPECT_EQ(bytes_text(1000), "1.00\u00a0kB");
  EXPECT_EQ(bytes_text(9'996), "10.0\u00a0kB");
  EXPECT_EQ(bytes_text(999'499), "999\u00a0kB");
  EXPECT_EQ(bytes_text(999'500), "1.00\u00a0MB");
  EXPECT_EQ(bytes_text(17'345'678'901), "17.3\u00a0GB");
  EXPECT_EQ(bytes_text({0, 1000}), "up to 1.00\u00a0kB");
  EXPECT_EQ(bytes_text({1000, 2000}), "1.00\u00a0kB to 2.00\u00a0kB");
  EXPECT_EQ(bytes_text({5, 5}), "5\u00a0B");
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(count_text(1, "image", "images"), "1 image");
  EXPECT_EQ(count_text(1000, "image", "images"), "1,000 images");
  EXPECT_EQ(ago_text(1s), "just now");
  EXPECT_EQ(ago_text(119s), "119 s ago");
  EXPECT_EQ(ago_text(2min), "2 min ago");
  EXPECT_EQ(ago_text(3h), "3 h ago");
  EXPECT_EQ(ago_text(72h), "3 days ago");
  EXPECT_EQ(escaped(std::string_view("a\x01\nb", 4)), "a\xEF\xBF\xBD b");
}

}  // namespace
}  // namespace docksweep::web
