// The page: its figures, its words in trouble, and nothing in it that a name from outside could abuse.
#include "web/page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

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
  made.node = std::make_shared<const page_node>(figures_of(core::view(std::move(what)), nullptr, nullptr));
  return made;
}

std::string render(const page_figures& what, std::string_view query = "") {
  return render_page(what, page_request_from(query).value());
}

// The same figures with a change to the node.
template <typename Change>
void change_node(page_figures& what, Change change) {
  auto copy = std::make_shared<page_node>(*what.node);
  change(*copy);
  what.node = copy;
}

// The names in the rows of the table of images, in order.
std::vector<std::string> rows(const std::string& page) {
  static const std::regex row(R"re(<tr><th scope="row" class="name">(?:<span class="soft">)?([^<]*))re");
  std::vector<std::string> found;
  for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

std::size_t count(const std::string& page, std::string_view text) {
  std::size_t found = 0;
  for (auto at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++found;
  return found;
}

using names = std::vector<std::string>;

TEST(page_figures, come_from_the_view) {
  const auto made = figures();
  const auto& node = *made.node;
  EXPECT_EQ(node.images, (std::array<std::int64_t, 4>{1, 1, 1, 0}));
  EXPECT_EQ(node.reclaimable, (core::byte_range{35'000'000, 35'000'000}));
  EXPECT_EQ(node.dangling_reclaimable, (core::byte_range{5'000'000, 5'000'000}));
  EXPECT_EQ(node.volumes, 3);
  EXPECT_EQ(node.unreferenced_volumes, 1);
  ASSERT_EQ(node.all.size(), 3U);
  EXPECT_EQ(node.all[0].names, (names{"app:1", "app:latest"}));
  EXPECT_EQ(node.all[1].alone.at_least, 30'000'000);
  EXPECT_EQ(node.all[2].names, names{});
  EXPECT_FALSE(node.all[0].why);
}

TEST(page_figures, tell_layers_and_who_shares_them) {
  const auto node = figures_of(core::view(small_node()), nullptr, nullptr);
  ASSERT_EQ(node.largest.size(), 3U);
  EXPECT_EQ(node.largest[0].name, "app:1 +1");
  ASSERT_EQ(node.largest[0].layers.size(), 2U);
  EXPECT_EQ(node.largest[0].layers[0].bytes, 100'000'000);
  EXPECT_EQ(node.largest[0].layers[0].holders, 2U);
  EXPECT_EQ(node.largest[0].layers[1].holders, 1U);
  EXPECT_EQ(node.largest[0].layers[1].shared_as, 0U);
  EXPECT_GT(node.largest[0].layers[0].shared_as, 0U);
  EXPECT_EQ(node.largest[0].layers[0].shared_as, node.largest[1].layers[0].shared_as) << "one layer, one colour";
  const auto fewer = figures_of(core::view(small_node()), nullptr, nullptr, 1);
  ASSERT_EQ(fewer.largest.size(), 1U);
  EXPECT_EQ(fewer.largest[0].layers[0].holders, 2U) << "the other one is not shown, and holds it all the same";
  EXPECT_EQ(fewer.largest[0].layers[0].shared_as, 0U);
}

// A plan that takes tool:2 and keeps the others.
core::plan small_plan() {
  core::plan plan;
  plan.policy = "nightly";
  plan.rules = {"", "keep.min_age = 1h", "remove.images"};
  plan.verdicts = {
      {.id = "sha256:aa", .why = core::reason::in_use},
      {.id = "sha256:bb", .action = core::verdict_action::remove, .why = core::reason::selected, .rule = 2},
      {.id = "sha256:cc", .why = core::reason::min_age, .rule = 1, .eligible_at = core::instant{} + 1001h}};
  plan.steps = {{.id = "sha256:bb",
                 .names = {"tool:2"},
                 .freed = {30'000'000, 30'000'000},
                 .cumulative = {30'000'000, 30'000'000}}};
  return plan;
}

page_figures figures_with_plan() {
  auto made = figures();
  auto plan = std::make_shared<const core::plan>(small_plan());
  core::use_book usage;
  usage.load({{.id = "sha256:bb", .first_seen = core::instant{} + 10h, .last_used = core::instant{} + 976h}}, made.now);
  auto what = small_node();
  what.complete_at = made.now - 42s;
  made.node = std::make_shared<const page_node>(figures_of(core::view(std::move(what)), plan.get(), &usage));
  made.policies = {{"nightly", true, plan, std::nullopt}};
  made.shown_policy = "nightly";
  return made;
}

TEST(page, shows_the_main_figures) {
  auto what = figures();
  what.disks.push_back(
      {{"/var/lib/docker", 1'000'000'000, 100'000'000, 150'000'000, 1000, 250}, 200'000'000, true, true});
  const auto page = render(what);
  for (const auto text :
       {"node-7", "docker 26.1.5", "35.0\u00a0MB", "3 images, 1 in use", "3 volumes, 1 in no container", "app:1",
        "tool:2", "30.0\u00a0MB", "90 % used", "inodes <b>75 %", "658\u00a0MB", "42 s ago", "9 min ago", "observing",
        R"(href="/metrics")", R"(href="/api/v1/inventory")"}) {
    EXPECT_TRUE(has(page, text)) << text;
  }
  EXPECT_FALSE(has(page, R"(role="alert")"));
}

TEST(page, says_what_to_do_when_the_engine_is_down) {
  auto what = figures();
  what.engine_up = false;
  what.engine_problem = "connect to /var/run/docker.sock: Connection refused";
  auto page = render(what);
  EXPECT_TRUE(has(page, "does not answer"));
  EXPECT_TRUE(has(page, "Connection refused"));
  EXPECT_TRUE(has(page, "systemctl status docker"));
  EXPECT_TRUE(has(page, "The figures below are from 42 s ago"));
  what.node.reset();
  what.engine_absent = true;
  page = render(what);
  EXPECT_TRUE(has(page, "No container engine was found"));
  EXPECT_TRUE(has(page, "[engine]"));
  EXPECT_FALSE(has(page, "<table"));
}

TEST(page, escapes_everything_from_outside) {
  const std::string attack = R"(<script>alert("1")</script>'&)";
  auto what = figures();
  what.host = what.version = what.engine_problem = attack;
  what.engine_up = false;
  change_node(what, [&](page_node& node) {
    node.engine.engine = node.engine.version = node.engine.api_version = node.engine.storage_driver =
        node.engine.root_dir = attack;
    node.all[0].names = {attack, attack};
    node.all[0].id = node.all[0].rule = attack;
    node.all[0].why = core::reason::label;
    node.largest[0].name = attack;
  });
  auto plan = small_plan();
  plan.steps[0].names = {attack};
  plan.goals.push_back({.path = attack});
  what.policies = {{attack, true, std::make_shared<const core::plan>(plan), std::nullopt},
                   {"other", true, nullptr, std::nullopt}};
  what.shown_policy = attack;
  what.paused = core::pause_state{.reason = attack, .actor = attack};
  what.history.problem = attack;
  what.history.sweeps = {{.id = 1, .policy = attack, .actor = attack, .cause = attack, .problem = attack}};
  what.history.removals = {{.sweep_id = 1, .references = {attack}, .problem = attack}};
  what.disks.push_back({{attack, 100, 50, 50, 0, 0}, std::nullopt});
  const auto page = render_page(what, {.filter = attack, .policy = attack});
  EXPECT_EQ(count(page, "<script"), 1U) << "the page's own";
  EXPECT_FALSE(has(page, "alert(\""));
  EXPECT_TRUE(has(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;"));
}

TEST(page, has_a_policy_that_allows_its_style_and_script_and_nothing_else) {
  const auto& policy = page_security_policy();
  EXPECT_TRUE(has(policy, "default-src 'none'"));
  EXPECT_TRUE(has(policy, "style-src 'sha256-"));
  EXPECT_TRUE(has(policy, "script-src 'sha256-"));
  EXPECT_TRUE(has(policy, "connect-src 'self'"));
  EXPECT_FALSE(has(policy, "unsafe"));
  const auto page = render(figures());
  EXPECT_FALSE(has(page, " style=")) << "an inline style, which the policy forbids";
  EXPECT_FALSE(std::regex_search(page, std::regex(R"(<[^>]* on[a-z]+=)"))) << "an inline handler, which it forbids";
  EXPECT_FALSE(has(page, "http://") && !has(page, "http://www.w3.org/2000/svg")) << "something from elsewhere";
}

// --- the table of images ---------------------------------------------------------------------------------------------

TEST(page_images, are_sorted_as_the_query_says) {
  const auto what = figures_with_plan();
  EXPECT_EQ(rows(render(what)), (names{"app:1", "tool:2", "untagged"})) << "largest first";
  EXPECT_EQ(rows(render(what, "sort=size&dir=asc")), (names{"untagged", "tool:2", "app:1"}));
  EXPECT_EQ(rows(render(what, "sort=alone")), (names{"tool:2", "untagged", "app:1"})) << "what is in use frees nothing";
  EXPECT_EQ(rows(render(what, "sort=name")), (names{"untagged", "app:1", "tool:2"}));
  EXPECT_EQ(rows(render(what, "sort=used")), (names{"untagged", "tool:2", "app:1"})) << "in use is used now";
  EXPECT_EQ(rows(render(what, "sort=state")), (names{"app:1", "tool:2", "untagged"}));
  EXPECT_EQ(rows(render(what, "sort=verdict")), (names{"tool:2", "app:1", "untagged"})) << "what goes first";
}

TEST(page_images, say_to_screen_readers_how_they_are_sorted) {
  const auto page = render(figures_with_plan(), "sort=name");
  EXPECT_EQ(count(page, "aria-sort"),
            1U + count(std::string(render(figures_with_plan(), "sort=name")), "th[aria-sort"));
  EXPECT_TRUE(has(page, R"(aria-sort="ascending"><a id="sort-name" href="/?sort=name&amp;dir=desc#images">)"));
  EXPECT_TRUE(has(page, "<caption>Images, with the verdict of policy nightly</caption>"));
  EXPECT_TRUE(has(page, R"(role="status")"));
}

TEST(page_images, are_filtered_by_name_id_state_and_reason) {
  const auto what = figures_with_plan();
  EXPECT_EQ(rows(render(what, "filter=TOOL")), names{"tool:2"});
  EXPECT_EQ(rows(render(what, "filter=latest")), names{"app:1"}) << "any of its names";
  EXPECT_EQ(rows(render(what, "filter=sha256%3Acc")), names{"untagged"});
  EXPECT_EQ(rows(render(what, "filter=min_age")), names{"untagged"});
  EXPECT_EQ(rows(render(what, "state=in_use")), names{"app:1"});
  EXPECT_EQ(rows(render(what, "state=in_use&filter=tool")), names{});
  EXPECT_TRUE(has(render(what, "filter=nothing+like+it"), "No image is like that."));
  EXPECT_TRUE(has(render(what, "filter=tool"), "1 of 3 images"));
  EXPECT_TRUE(has(render(what, "filter=a%26b"), R"(value="a&amp;b")"));
}

TEST(page_images, show_verdict_reason_and_rule) {
  const auto page = render(figures_with_plan());
  EXPECT_TRUE(has(page, "would go"));
  EXPECT_TRUE(has(page, "remove.images"));
  EXPECT_TRUE(has(page, "keep.min_age = 1h"));
  EXPECT_TRUE(has(page, "until in 1 hour")) << "when the reason ends";
  EXPECT_TRUE(has(page, "24 h ago"));
}

TEST(page_images, come_in_pages_of_a_hundred) {
  auto what = figures();
  change_node(what, [](page_node& node) {
    node.all.clear();
    for (int i = 0; i < 250; ++i) {
      page_image one;
      one.id = "sha256:" + std::to_string(i);
      one.names = {"many:" + std::to_string(i)};
      one.size = i;
      node.all.push_back(one);
    }
  });
  EXPECT_EQ(rows(render(what)).size(), 100U);
  EXPECT_EQ(rows(render(what)).front(), "many:249");
  EXPECT_EQ(rows(render(what, "page=3")).size(), 50U);
  EXPECT_EQ(rows(render(what, "page=3")).back(), "many:0");
  EXPECT_EQ(rows(render(what, "page=999")).size(), 50U) << "the last one there is";
  EXPECT_EQ(rows(render(what, "rows=all")).size(), 250U);
  const auto page = render(what, "page=2&sort=name");
  EXPECT_TRUE(has(page, R"(rel="prev" href="/?sort=name#images")"));
  EXPECT_TRUE(has(page, R"(rel="next" href="/?sort=name&amp;page=3#images")"));
  EXPECT_TRUE(has(page, R"(href="/?sort=name&amp;rows=all#images">All 250)"));
  EXPECT_FALSE(has(render(figures()), R"(class="pages")")) << "three images need none";
}

TEST(page_request, is_what_its_link_says) {
  for (const auto* query : {"", "sort=alone", "sort=used&dir=desc", "filter=a%26b%20%22&state=dangling",
                            "policy=n%2F1&page=7", "sort=verdict&rows=all"}) {
    const auto asked = page_request_from(query).value();
    const auto link = link_to(asked);
    EXPECT_EQ(page_request_from(link.size() > 2 ? link.substr(2) : "").value(), asked) << query << " " << link;
  }
  EXPECT_EQ(link_to({}), "/");
}

TEST(page_request, refuses_what_it_does_not_know) {
  for (const auto* query :
       {"sort=color", "dir=up", "state=lost", "page=0", "page=-1", "page=x", "rows=some", "other=1", "filter=%zz"}) {
    EXPECT_FALSE(page_request_from(query)) << query;
  }
  EXPECT_FALSE(page_request_from("filter=" + std::string(257, 'a')));
}

// --- the disk, plans and history -------------------------------------------------------------------------------------

TEST(page_disk, is_one_bar_of_what_fills_it) {
  auto what = figures();
  what.disks.push_back({{"/var/lib/docker", 1'000'000'000, 700'000'000, 700'000'000, 0, 0}, 100'000'000, true, true});
  auto page = render(what);
  // 50 + 100 MB in use, 30 unused, 5 dangling, 7 volumes; 100 not counted; the rest of the 300 used is another
  // moment's.
  for (const auto* text :
       {"images in use <b>150\u00a0MB", "unused images <b>30.0\u00a0MB", "dangling images <b>5.00\u00a0MB",
        "volumes <b>7.00\u00a0MB", "not counted by the engine <b>108\u00a0MB", "free <b>700\u00a0MB"}) {
    EXPECT_TRUE(has(page, text)) << text;
  }
  what.disks[0].holds_images = false;
  page = render(what);
  EXPECT_FALSE(has(page, "images in use <b>")) << "they are on another file system";
  what.disks[0].unaccounted.reset();
  EXPECT_TRUE(has(render(what), "used <b>300\u00a0MB"));
}

TEST(page_plans, show_each_step_and_where_the_goal_is_reached) {
  auto what = figures_with_plan();
  auto plan = small_plan();
  plan.goals.push_back(
      {.what = core::quantity::disk, .now = 0.87, .target = 0.7, .path = "/var/lib/docker", .lacking = 9'000'000});
  plan.goal_step = 1;
  what.policies[0].plan = std::make_shared<const core::plan>(plan);
  auto page = render(what);
  EXPECT_TRUE(has(page, "<caption>Steps of nightly, in order</caption>"));
  EXPECT_TRUE(has(page, "only observes"));
  EXPECT_TRUE(has(page, "87.0 % now, to be below 70.0 %"));
  EXPECT_TRUE(has(page, "The goal is reached here."));
  EXPECT_LT(page.find(R"(<td class="name">tool:2</td>)"), page.find("The goal is reached here."));
  plan.goal_step.reset();
  plan.shortfall = 3'000'000;
  plan.blockers = {{core::reason::in_use, 4, {2'000'000, 2'000'000}}};
  what.policies[0].plan = std::make_shared<const core::plan>(plan);
  page = render(what);
  EXPECT_FALSE(has(page, "The goal is reached here."));
  EXPECT_TRUE(has(page, "The goal is not reached: 3.00\u00a0MB lack."));
  EXPECT_TRUE(has(page, "4 images, 2.00\u00a0MB: held by a container"));
}

TEST(page_plans, shows_fifty_steps_and_the_one_that_reaches_the_goal) {
  auto what = figures_with_plan();
  auto plan = small_plan();
  plan.steps.resize(200, plan.steps[0]);
  plan.goals.push_back({});
  plan.goal_step = 200;
  what.policies[0].plan = std::make_shared<const core::plan>(plan);
  const auto page = render(what);
  EXPECT_EQ(count(page, R"(<td class="name">tool:2</td>)"), 51U);
  EXPECT_TRUE(has(page, "150 more steps"));
  EXPECT_TRUE(has(page, R"(<td class="number">200</td>)"));
}

TEST(page_history, says_what_went_and_what_can_come_back) {
  auto what = figures_with_plan();
  EXPECT_TRUE(has(render(what), "Nothing was swept yet."));
  core::sweep_record sweep{.id = 12, .policy = "nightly", .actor = "agent", .cause = "schedule 0 2 * * *"};
  sweep.began = what.now - 3h;
  sweep.outcome = core::sweep_outcome::reached;
  sweep.predicted = {40'000'000, 40'000'000};
  sweep.freed = 39'000'000;
  core::removal_record pulled{
      .sweep_id = 12, .object_id = "sha256:dd", .references = {"gone:1"}, .digests = {"gone@sha256:1"}};
  pulled.outcome = core::removal_outcome::removed;
  pulled.freed = 39'000'000;
  auto local = pulled, kept = pulled, foreign = pulled;
  local.references = {"built-here:1"};
  local.digests = {};
  kept.references = {"kept:1"};
  kept.outcome = core::removal_outcome::kept;
  foreign.sweep_id = 0;
  foreign.references = {"by-kubelet:1"};
  what.history = {"", {sweep}, {pulled, pulled, local, kept, foreign}};
  const auto page = render(what);
  for (const auto* text :
       {"3 h ago <b>nightly</b>", ">reached</span>", "3 removed, 39.0\u00a0MB freed, 40.0\u00a0MB predicted",
        "<code>docksweep restore 12</code> brings back up to 2 of 3.", "gone:1", "built-here:1",
        "1 image removed by somebody else", "by-kubelet:1"}) {
    EXPECT_TRUE(has(page, text)) << text;
  }
  EXPECT_TRUE(has(page, R"(<td class="name">gone:1</td><td>removed</td><td class="number">39.0)"));
  what.history = {"the disk is on fire", {}, {}};
  EXPECT_TRUE(has(render(what), "The record cannot be read: the disk is on fire"));
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
