// What a good configuration becomes: every key of the reference, substitution, overrides, files that are not there.
#include "config/load.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/support.hpp"

namespace docksweep::config {
namespace {

using namespace std::chrono_literals;
using core::quantity;
using core::threshold;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

settings loaded(std::string_view text, const environment& env = test_environment()) {
  auto out = load_text(text, "c.toml", env);
  EXPECT_TRUE(out) << in_lines(out.error());
  return out ? out->values : settings{};
}

constexpr std::string_view whole = R"(
mode = "enforce"
settle = "1m"
[engine]
host = "tcp://engine:2376"
tls = { ca = "/a/ca", cert = "/a/cert", key = "/a/key" }
timeout = "10s"
paths = ["/var/lib/docker", "/data"]
[inventory]
resync = "1m"
disk_usage = "1h"
[state]
path = "/s/state.db"
history = "30d"
[metrics]
per_image = 50
[web]
listen = ["[::1]:9713", "unix:///run/d.sock", "systemd", ":0"]
tls = { cert = "/w/c", key = "/w/k", client_ca = "/w/ca" }
users = { prometheus = "$2y$05$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234" }
token_file = "/w/token"
[log]
level = "warn"
format = "json"
[keep]
min_age = "2h"
local_only = false
ask_registry = true
digest_only = true
images = ["*/kube-system/*"]
images_regex = '(/kube-system/)|(/library/)'
labels = ["docksweep.keep", "tier=base"]
containers = ["k8s_*"]
per_repository = 2
[[policy]]
name = "pressure"
mode = "enforce"
when = { disk_above = 0.85, inodes_above = 0.9, disk_free_below = "20GB", images_bytes_above = "1TB", reclaimable_above = "50GiB", images_above = 1000, dangling_above = 10, exited_above = 20, for = "0s" }
until = { disk_below = 0.70, disk_free_above = "30GB" }
remove = { images = "unused", build_cache = { over = "10GiB" } }
limits = { images = 200, bytes = "100GiB" }
cooldown = "5m"
archive = "/mnt/backup/images"
[[policy]]
name = "nightly"
when = { schedule = "0 2 * * *", time_zone = "Asia/Shanghai" }
splay = "5m"
remove = { images = "dangling", containers = { stopped_for = "24h", states = ["created"], names = ["*", "!k8s*"], labels = ["a"] } }
keep = { min_age = "30m", labels = [] }
never = ["Sat,Sun"]
[[policy]]
name = "on-disk-alert"
mode = "observe"
when = { alerts = ['alertname="NodeFilesystemAlmostOutOfSpace"', 'mountpoint="/var/lib/docker"'] }
until = { disk_below = 0.75 }
windows = ["Mon-Fri 20:00-06:00"]
[policy.remove.images]
unused_for = "24h"
order = "largest"
references = ["ci/*"]
labels = ["stage=ci"]
larger_than = "100MB"
untag = true
[policy.remove.volumes]
anonymous = true
names = ["ci-*"]
unused_for = "7d"
[alertmanager]
urls = ["http://alertmanager:9093/am", "https://[::1]"]
poll = "1m"
node = 'instance=~"{hostname}(:.*)?"'
basic_auth = { username = "u", password_file = "/p" }
tls = { ca = "/am/ca" }
[registry."registry.example.com:5000"]
username = "ci"
password_file = "/r/p"
)";

TEST(load, reads_every_general_key) {
  const auto all = loaded(whole);
  EXPECT_EQ(all.mode, core::mode::enforce);
  EXPECT_EQ(all.settle, 1min);
  EXPECT_EQ(all.engine.host, "tcp://engine:2376");
  EXPECT_EQ(all.engine.tls, (tls_client{"/a/ca", "/a/cert", "/a/key"}));
  EXPECT_EQ(all.engine.timeout, 10s);
  EXPECT_THAT(all.engine.paths, ElementsAre("/var/lib/docker", "/data"));
  EXPECT_EQ(all.inventory.resync, 1min);
  EXPECT_EQ(all.inventory.disk_usage, 1h);
  EXPECT_EQ(all.state.path, "/s/state.db");
  EXPECT_EQ(all.state.history, 720h);
  EXPECT_EQ(all.metrics.per_image, 50);
  EXPECT_THAT(all.web.listen, ElementsAre("[::1]:9713", "unix:///run/d.sock", "systemd", ":0"));
  EXPECT_EQ(all.web.tls->cert + all.web.tls->key + all.web.tls->client_ca, "/w/c/w/k/w/ca");
  EXPECT_EQ(all.web.users.at("prometheus").substr(0, 10), "$2y$05$abc");
  EXPECT_EQ(all.web.token_file, "/w/token");
  EXPECT_EQ(all.log.level, log_level::warn);
  EXPECT_EQ(all.log.format, log_format::json);
  EXPECT_THAT(all.alertmanager.urls, ElementsAre("http://alertmanager:9093/am", "https://[::1]"));
  EXPECT_EQ(all.alertmanager.poll, 1min);
  EXPECT_EQ(all.alertmanager.node, "instance=~\"node-7(:.*)?\"");
  EXPECT_EQ(all.alertmanager.basic->username + all.alertmanager.basic->password_file, "u/p");
  EXPECT_EQ(all.alertmanager.tls->ca, "/am/ca");
  EXPECT_EQ(all.registries.at("registry.example.com:5000").username, "ci");
  EXPECT_EQ(all.registries.at("registry.example.com:5000").password_file, "/r/p");
  EXPECT_EQ(all.hash.size(), 64U);
}

TEST(load, reads_keep) {
  const auto keep = loaded(whole).keep;
  EXPECT_EQ(keep.min_age, 2h);
  EXPECT_FALSE(keep.local_only);
  EXPECT_TRUE(keep.ask_registry);
  EXPECT_TRUE(keep.digest_only);
  EXPECT_TRUE(keep.images.at(0).matches("r/kube-system/x"));
  EXPECT_TRUE(keep.images_regex->search("r/library/x"));
  EXPECT_TRUE(keep.labels.at(1).matches({{"tier", "base"}}));
  EXPECT_TRUE(keep.containers.at(0).matches("k8s_x"));
  EXPECT_EQ(keep.per_repository, 2);
}

TEST(load, reads_policies) {
  const auto all = loaded(whole);
  ASSERT_EQ(all.policies.size(), 3U);
  const auto& pressure = all.policies[0];
  EXPECT_EQ(pressure.mode, core::mode::enforce);
  EXPECT_THAT(pressure.when.quantities,
              ElementsAre(threshold{quantity::disk, 0.85}, threshold{quantity::inodes, 0.9},
                          threshold{quantity::disk_free, 20e9}, threshold{quantity::images_bytes, 1e12},
                          threshold{quantity::reclaimable, 50. * (1 << 30)}, threshold{quantity::images, 1000},
                          threshold{quantity::dangling, 10}, threshold{quantity::exited, 20}));
  EXPECT_EQ(pressure.when.hold, 0s);
  EXPECT_THAT(pressure.until, ElementsAre(threshold{quantity::disk, 0.7}, threshold{quantity::disk_free, 30e9}));
  EXPECT_FALSE(pressure.remove.images->only_dangling);
  EXPECT_EQ(pressure.remove.build_cache->over, 10LL << 30);
  EXPECT_EQ(pressure.limits, (core::run_limits{200, 100LL << 30}));
  EXPECT_EQ(pressure.cooldown, 5min);
  EXPECT_EQ(pressure.archive, "/mnt/backup/images");
  EXPECT_EQ(pressure.keep, all.keep) << "the general keep, where a policy says nothing";

  const auto& nightly = all.policies[1];
  EXPECT_EQ(nightly.when.schedule->text(), "0 2 * * *");
  EXPECT_EQ(nightly.when.time_zone, "Asia/Shanghai");
  EXPECT_NE(nightly.when.zone, nullptr);
  EXPECT_TRUE(nightly.remove.images->only_dangling);
  EXPECT_THAT(nightly.remove.containers->states, ElementsAre(core::container_state::created));
  EXPECT_TRUE(nightly.remove.containers->names.at(1).excluded);
  EXPECT_EQ(nightly.keep.min_age, 30min);
  EXPECT_THAT(nightly.keep.labels, IsEmpty());
  EXPECT_EQ(nightly.keep.per_repository, 2) << "the other keys are the general ones";
  EXPECT_EQ(nightly.never.at(0).text(), "Sat,Sun");

  const auto& alert = all.policies[2];
  EXPECT_EQ(alert.mode, core::mode::observe);
  EXPECT_EQ(alert.when.alerts.size(), 2U);
  EXPECT_EQ(alert.remove.images->unused_for, 24h);
  EXPECT_EQ(alert.remove.images->order, core::image_order::largest);
  EXPECT_EQ(alert.remove.images->larger_than, 100'000'000);
  EXPECT_TRUE(alert.remove.images->untag);
  EXPECT_TRUE(alert.remove.volumes->anonymous);
  EXPECT_EQ(alert.remove.volumes->unused_for, 168h);
  EXPECT_EQ(alert.windows.at(0).text(), "Mon-Fri 20:00-06:00");
}

TEST(load, observe_anywhere_wins) {
  const auto mode_of = [](std::string_view general, std::string_view own) {
    const auto text =
        fmt::format("mode = \"{}\"\n[[policy]]\nname = \"p\"\n{}\nremove.images = \"dangling\"", general, own);
    return loaded(text).policies.at(0).mode;
  };
  EXPECT_EQ(mode_of("enforce", "mode = \"enforce\""), core::mode::enforce);
  EXPECT_EQ(mode_of("enforce", ""), core::mode::enforce);
  EXPECT_EQ(mode_of("enforce", "mode = \"observe\""), core::mode::observe);
  EXPECT_EQ(mode_of("observe", "mode = \"enforce\""), core::mode::observe);
}

TEST(load, variables_override_and_empty_ones_do_not) {
  auto env = test_environment();
  env.variables["DOCKSWEEP_MODE"] = "enforce";
  env.variables["DOCKSWEEP_KEEP_IMAGES_REGEX"] = "x{2}";
  const auto text = fmt::format("mode = \"observe\"\n{}", sound_policy);
  const auto over = load_text(text, "c.toml", env);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->values.mode, core::mode::enforce);
  EXPECT_EQ(over->values.policies.at(0).mode, core::mode::enforce);
  EXPECT_EQ(over->values.keep.images_regex->text(), "x{2}");
  EXPECT_EQ(over->values.policies.at(0).keep.images_regex->text(), "x{2}");
  EXPECT_EQ(over->from.at("mode"), "DOCKSWEEP_MODE");
  env.variables["DOCKSWEEP_MODE"] = "";
  EXPECT_EQ(load_text(text, "c.toml", env)->values.mode, core::mode::observe);
  env.variables["DOCKSWEEP_MODE"] = "enfroce";
  EXPECT_EQ(faults_of(text, env),
            "environment variable DOCKSWEEP_MODE: mode: \"enfroce\" is not known; did you mean \"enforce\"? Allowed: "
            "observe, enforce\n");
}

TEST(load, replaces_variables_and_the_host_name_in_strings_once) {
  auto env = test_environment();
  env.variables["ODD"] = "{hostname}";
  const auto archive = [&](std::string_view text) {
    return loaded(
               fmt::format("[[policy]]\nname = \"p-{{hostname}}\"\nremove.images = \"dangling\"\narchive = '{}'", text),
               env)
        .policies.at(0);
  };
  EXPECT_EQ(archive("/a").name, "p-node-7");
  EXPECT_EQ(archive("/{env:NAME}/{hostname}{env:EMPTY}").archive, "/value/node-7");
  EXPECT_EQ(archive("/{env:ODD}").archive, "/{hostname}");
  EXPECT_EQ(archive("/{other}{env:").archive, "/{other}{env:");
}

class files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("docksweep-config-{}", getpid());
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, std::string_view text) {
    const auto path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(files, an_absent_file_is_the_defaults_unless_it_was_asked_for) {
  const auto path = (folder_ / "none.toml").string();
  const auto loaded = load_file(path, false, test_environment());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->values.hash, load_text("", "x", test_environment())->values.hash);
  const auto asked = load_file(path, true, test_environment());
  ASSERT_FALSE(asked);
  EXPECT_EQ(in_lines(asked.error()), path + ": cannot be read: No such file or directory\n");
}

TEST_F(files, what_is_there_and_cannot_be_read_is_a_fault) {
  for (const bool asked : {true, false}) {
    const auto folder = load_file(folder_.string(), asked, test_environment());
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().at(0).message, "cannot be read: Is a directory");
    const auto through = load_file(write("plain", "x") + "/c.toml", asked, test_environment());
    ASSERT_FALSE(through);
    EXPECT_EQ(through.error().at(0).message, "cannot be read: Not a directory");
  }
  const auto huge = load_file(write("huge.toml", "#" + std::string(1 << 20, 'x')), true, test_environment());
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().at(0).message, "is longer than 1048576 bytes");
}

TEST_F(files, says_why_a_file_is_unreadable) {
  EXPECT_EQ(why_unreadable(write("full", "secret")), std::nullopt);
  EXPECT_EQ(why_unreadable(write("empty", "")), "is empty");
  EXPECT_EQ(why_unreadable(folder_.string()), "is a directory");
  EXPECT_EQ(why_unreadable((folder_ / "none").string()), "No such file or directory");
}

TEST(process_environment, is_that_of_this_process) {
  setenv("DOCKSWEEP_TEST_VARIABLE", "a=b", 1);
  const auto env = process_environment();
  EXPECT_EQ(env.variables.at("DOCKSWEEP_TEST_VARIABLE"), "a=b");
  EXPECT_FALSE(env.hostname.empty());
}

}  // namespace
}  // namespace docksweep::config
