// Every kind of mistake, with the line, the column and the words that answer it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/support.hpp"

namespace docksweep::config {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct mistake {
  std::string text;
  std::string answer;  // how the first line begins; the whole line where it ends in a newline
};

void PrintTo(const mistake& which, std::ostream* out) {
  *out << which.text;
}

const std::string what_re2_lacks = " (the expression is RE2's, which has neither lookaround nor backreferences)\n";

std::string repeated(std::string_view what, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += what;
  return all;
}
std::string in_policy(std::string_view lines) {
  return fmt::format("[[policy]]\nname = \"p\"\nremove.images = \"dangling\"\n{}", lines);
}
std::string removing(std::string_view lines) {
  return fmt::format("[[policy]]\nname = \"p\"\n{}", lines);
}

class one_mistake : public testing::TestWithParam<mistake> {};

TEST_P(one_mistake, is_answered_in_its_place_and_alone) {
  const auto all = faults_of(GetParam().text);
  EXPECT_THAT(all, StartsWith(GetParam().answer));
  EXPECT_EQ(std::ranges::count(all, '\n'), 1) << all;
}

INSTANTIATE_TEST_SUITE_P(
    names_and_types, one_mistake,
    testing::Values(
        mistake{"a = = 1", "c.toml:1:5: "},  // toml++'s own words follow
        mistake{"mode = \"observe\"\nmode = \"observe\"",
                "c.toml:2:8: Error while parsing key-value pair: cannot redefine existing string 'mode'\n"},
        mistake{"mode = \"observe", "c.toml:1:16: "},  // its quotes are there, or half of them: no more is said
        mistake{"mdoe = \"observe\"",
                "c.toml:1:1: unknown key \"mdoe\"; did you mean \"mode\"? Allowed: mode, settle, engine, inventory, "
                "state, metrics, web, log, keep, policy, "
                "alertmanager, registry\n"},
        mistake{"frobnicate = 1", "c.toml:1:1: unknown key \"frobnicate\". Allowed: mode, "},
        mistake{
            "[inventory]\n resink = \"5m\"",
            "c.toml:2:2: unknown key \"resink\" in inventory; did you mean \"resync\"? Allowed: resync, disk_usage\n"},
        mistake{"web.tls = { cert = \"/c\", key = \"/k\", ca = \"/a\" }",
                "c.toml:1:38: unknown key \"ca\" in web.tls. Allowed: cert, key, client_ca\n"},
        mistake{in_policy("when.disk_abov = 0.8"),
                "c.toml:4:6: unknown key \"disk_abov\" in policy[0].when; did you mean \"disk_above\"? Allowed: "
                "schedule, "},
        mistake{in_policy("until.reclaimable_below = \"1GB\""),
                "c.toml:4:7: unknown key \"reclaimable_below\" in policy[0].until. Allowed: disk_below, inodes_below, "
                "disk_free_above, images_bytes_below, images_below\n"},
        mistake{"mode = 1", "c.toml:1:8: mode takes a word in quotes, not the integer 1\n"},
        mistake{"settle = 10", "c.toml:1:10: settle takes a duration, as in \"30s\", not the integer 10\n"},
        mistake{"settle = 07:32:00", "c.toml:1:10: settle takes a duration, as in \"30s\", not a date or time\n"},
        mistake{"engine = \"x\"",
                "c.toml:1:10: engine takes a table ([engine] or engine = { … }), not the string \"x\"\n"},
        mistake{"[keep]\nlocal_only = \"yes\"",
                "c.toml:2:14: local_only takes true or false, not the string \"yes\"\n"},
        mistake{"[keep]\nimages = \"*/x\"",
                "c.toml:2:10: images takes a list of globs in brackets, images = [\"…\"], not the string \"*/x\"\n"},
        mistake{"[keep]\nimages = [\"a\", 7]",
                "c.toml:2:16: images takes a list of globs, each in quotes, not the integer 7\n"},
        mistake{"[keep]\nper_repository = 1.5",
                "c.toml:2:18: per_repository takes a whole number, not the number 1.5\n"},
        mistake{"[keep]\nper_repository = -1",
                "c.toml:2:18: per_repository takes a whole number from 0 to 1000000, not -1\n"},
        mistake{"[policy]\nname = \"p\"", "c.toml:1:1: policy takes a list of tables, [[policy]], not a table\n"},
        mistake{"policy = [1]", "c.toml:1:11: policy takes a list of tables, [[policy]], not the integer 1\n"},
        mistake{"registry = 1", "c.toml:1:12: registry takes a table with a registry as each key, not the integer 1\n"},
        mistake{"mode = \"enfroce\"",
                "c.toml:1:9: mode: \"enfroce\" is not known; did you mean \"enforce\"? Allowed: observe, enforce\n"},
        mistake{"log.level = \"loud\"",
                "c.toml:1:14: level: \"loud\" is not known. Allowed: debug, info, warn, error\n"},
        mistake{in_policy("when.disk_above = \"85%\""),
                "c.toml:4:19: disk_above takes a number, as in 0.85, not the string \"85%\"\n"},
        mistake{in_policy("when.disk_above = nan"),
                "c.toml:4:19: disk_above takes a finite number, not the number nan\n"},
        mistake{removing("remove.images = 1"),
                "c.toml:3:17: images takes \"dangling\", \"unused\" or a table, not the integer 1\n"}));

INSTANTIATE_TEST_SUITE_P(
    units_and_patterns, one_mistake,
    testing::Values(
        mistake{"settle = \"10min\"",
                "c.toml:1:13: settle: \"10min\" has the unit \"min\", did you mean \"m\"? durations are integers with"},
        mistake{"engine.timeout = \"0s\"", "c.toml:1:19: timeout: \"0s\" is too short: at least 1s\n"},
        mistake{in_policy("limits.bytes = \"10gb\""),
                "c.toml:4:19: bytes: \"10gb\" has the unit \"gb\", did you mean \"GB\"? "},
        mistake{in_policy("limits.bytes = 10"),
                "c.toml:4:16: bytes takes an amount of bytes, as in \"10GiB\", not the integer 10\n"},
        mistake{"keep.images_regex = '(/a/)|(?=b)'", "c.toml:1:28: images_regex: invalid perl operator: (?=" + what_re2_lacks},
        mistake{"keep.images_regex = '(a'", "c.toml:1:22: images_regex: missing ): (a" + what_re2_lacks},
        mistake{"keep.images_regex = \"ä(?=b)\"", "c.toml:1:23: images_regex: invalid perl operator: (?=" + what_re2_lacks},
        mistake{"keep.images_regex = \"\\u00e4(?=b)\"", "c.toml:1:21: images_regex: invalid perl operator: (?=" + what_re2_lacks},
        mistake{"keep.images_regex = '''\na(?=b)'''", "c.toml:1:21: images_regex: invalid perl operator: (?=" + what_re2_lacks},
        mistake{"keep.images_regex = '{hostname}(?=b)'", "c.toml:1:21: images_regex: invalid perl operator: (?=" + what_re2_lacks},
        mistake{"keep.images = ['a', 'b[c']", "c.toml:1:23: images: \"b[c\" has a [ without its ]: "},
        mistake{"keep.images = ['']", "c.toml:1:17: images: is empty: a glob that matches everything is \"*\"\n"},
        mistake{"keep.labels = ['=x']", "c.toml:1:17: labels: \"=x\" is no label: k or k=v\n"},
        mistake{in_policy("when.schedule = '0 25 * * *'"),
                "c.toml:4:20: schedule: 25 is out of range: hour takes 0 to 23, lists"},
        mistake{in_policy("when.schedule = '0 0 31 2 *'"),
                "c.toml:4:22: schedule: \"0 0 31 2 *\" names a date that no year has\n"},
        mistake{in_policy("when.time_zone = 'Europe/Berln'"),
                "c.toml:4:19: time_zone: \"Europe/Berln\" is no time zone; did you mean \"Europe/Berlin\"? Names are"},
        mistake{in_policy("when.time_zone = '../etc/passwd'"),
                "c.toml:4:19: time_zone: \"../etc/passwd\" is no time zone. Names are"},
        mistake{in_policy("when.alerts = ['a=\"b']"), "c.toml:4:21: alerts: has no closing quote: "},
        mistake{in_policy("when.alerts = ['a=~\"(\"']"), "c.toml:4:21: alerts: missing ): (" + what_re2_lacks},
        mistake{in_policy("windows = ['Mon-Fry']"), "c.toml:4:13: windows: \"Mon-Fry\" is no day "},
        mistake{removing("remove.containers.states = ['exited', 'running']"),
                "c.toml:3:40: states: running containers are never removed: exited, dead and created are allowed\n"},
        mistake{removing("remove.containers.states = ['paused']"),
                "c.toml:3:30: states: paused containers are never removed"},
        mistake{
            removing("remove.containers.states = ['exitd']"),
            "c.toml:3:30: states: \"exitd\" is not known; did you mean \"exited\"? Allowed: exited, dead, created\n"},
        mistake{removing("remove.containers.names = ['!a[']"), "c.toml:3:31: names: \"a[\" has a [ without its ]"}));

INSTANTIATE_TEST_SUITE_P(
    places, one_mistake,
    testing::Values(
        mistake{"state.path = \"state.db\"",
                "c.toml:1:15: path: \"state.db\" is not an absolute path: it must begin with /\n"},
        mistake{in_policy("archive = \"images\""), "c.toml:4:12: archive: \"images\" is not an absolute path"},
        mistake{"web.listen = [\":9713\", \"9713\"]",
                "c.toml:1:25: listen: \"9713\" is no listen address: the port is missing; allowed are \"HOST:PORT\","},
        mistake{"web.listen = [\"::1:9713\"]",
                "c.toml:1:16: listen: \"::1:9713\" is no listen address: an IPv6 address stands in brackets"},
        mistake{"web.listen = [\"a:70000\"]",
                "c.toml:1:16: listen: \"a:70000\" is no listen address: a port is a number from 0 to 65535"},
        mistake{"web.listen = [\"http://a:1\"]",
                "c.toml:1:16: listen: \"http://a:1\" is no listen address: it has no scheme but unix://"},
        mistake{"web.listen = [\"unix://a\"]",
                "c.toml:1:16: listen: \"unix://a\" is no listen address: a Unix socket needs the absolute path"},
        mistake{"web.listen = [\":1\", \":1\"]", "c.toml:1:14: \":1\" is listed twice\n"},
        mistake{"web.tls = { cert = \"/c\" }", "c.toml:1:20: cert needs key beside it\n"},
        mistake{"web.tls = { client_ca = \"/c\" }", "c.toml:1:11: web.tls needs cert and key\n"},
        mistake{"web.tls = { cert = \"/missing/c\", key = \"/k\" }",
                "c.toml:1:20: cert: /missing/c cannot be read: No such file or directory\n"},
        mistake{"web.token_file = \"/missing/t\"",
                "c.toml:1:18: token_file: /missing/t cannot be read: No such file or directory\n"},
        mistake{"web.users = { a = \"hunter2\" }",
                "c.toml:1:20: a: this is no bcrypt hash ($2y$, a cost from 04 to 31, $ and 53 characters): write it "
                "with htpasswd -nB NAME\n"},
        mistake{"web.users = { a = \"<hidden>\" }",
                "c.toml:1:20: a: \"<hidden>\" is the mask that check-config --effective writes"},
        mistake{"web.users = { \"a:b\" = \"x\" }", "c.toml:1:15: a user name is not empty and has no \":\"\n"},
        mistake{"engine.host = \"ssh://me@host\"", "c.toml:1:16: host: \"ssh://me@host\" cannot be used: "},
        mistake{"engine.tls = { cert = \"/c\" }", "c.toml:1:23: cert needs key beside it\n"},
        mistake{"engine = { host = \"unix:///s\", tls = { ca = \"/a\" } }",
                "c.toml:1:38: tls is for tcp:// addresses, and engine.host is unix:///s\n"},
        mistake{"alertmanager.urls = [\"alertmanager:9093\"]",
                "c.toml:1:23: urls: \"alertmanager:9093\" is no URL of an Alertmanager: it begins with http:// or "
                "https://, as in"},
        mistake{"alertmanager.urls = [\"http://u:secret@a\"]",
                "c.toml:1:23: urls: a URL with a user name or password in it: use basic_auth or bearer_token_file\n"},
        mistake{"alertmanager.node = 'a=\"b\",c=~\"(\"'", "c.toml:1:32: node: missing ): (" + what_re2_lacks},
        mistake{"alertmanager.node = 'instance'", "c.toml:1:30: node: has no operator: a matcher is a label name"},
        mistake{"alertmanager.basic_auth.username = 'u'", "c.toml:1:36: username needs password_file beside it\n"},
        mistake{"[alertmanager]\nbearer_token_file = '/t'\nbasic_auth = { username = 'u', password_file = '/p' }",
                "c.toml:3:14: basic_auth and bearer_token_file exclude each other\n"},
        mistake{"[registry.\"https://r\"]",
                "c.toml:1:11: \"https://r\" has a scheme: a registry is named as in an image name"},
        mistake{"[registry.r]", "c.toml:1:1: registry.r needs username and password_file\n"},
        mistake{"[registry.r]\nusername = 'u'", "c.toml:2:12: username needs password_file beside it\n"},
        mistake{"[registry.r]\nusername = 'u'\npassword_file = '/missing/p'",
                "c.toml:3:17: password_file: /missing/p cannot be read: No such file or directory\n"},
        mistake{"state.path = \"/a/{env:NOPE}\"", "c.toml:1:18: the environment variable NOPE is not set\n"},
        mistake{"state.path = \"/a/{env:}\"", "c.toml:1:18: the environment variable \"\" is not set\n"}));

INSTANTIATE_TEST_SUITE_P(
    contradictions, one_mistake,
    testing::Values(
        mistake{removing("when.disk_above = 0.85\nuntil.disk_below = 0.9\nremove.images = 'unused'"),
                "c.toml:4:20: disk_below must be below when.disk_above (0.85), or the policy stops before it begins; "
                "it is 0.9\n"},
        mistake{in_policy("when.disk_above = 85"),
                "c.toml:4:19: 85 is out of range: a ratio lies between 0 and 1; did you mean 0.85?\n"},
        mistake{in_policy("until.disk_below = 1.5"),
                "c.toml:4:20: 1.5 is out of range: a ratio lies between 0 and 1; did you mean 0.015?\n"},
        mistake{removing("when.images_above = 10\nremove.images = 'unused'"),
                "c.toml:4:1: a policy that a quantity or an alert starts and that removes more than dangling images "
                "needs until or limits\n"},
        mistake{removing("when.alerts = ['a=\"b\"']\n[policy.remove.build_cache]\nover = '1GB'"),
                "c.toml:4:1: a policy that a quantity or an alert starts"},
        mistake{removing(""), "c.toml:1:1: remove names nothing: images, containers, build_cache or volumes\n"},
        mistake{removing("remove = {}"), "c.toml:3:10: remove names nothing"},
        mistake{removing("remove.volumes = {}"), "c.toml:3:18: volumes needs anonymous = true or names"},
        mistake{
            removing("remove.build_cache = {}"),
            "c.toml:3:22: build_cache needs over, the bytes to keep: over = \"0B\" removes all that is not in use\n"},
        mistake{removing("remove.containers.states = []"),
                "c.toml:3:28: states is empty: exited, dead and created are allowed\n"},
        mistake{"[[policy]]\nremove.images = 'dangling'", "c.toml:1:1: a policy needs a name\n"},
        mistake{"[[policy]]\nname = 'a b'\nremove.images = 'dangling'", "c.toml:2:8: \"a b\" is no policy name: "},
        mistake{fmt::format("{0}\n{0}", sound_policy), "c.toml:6:8: there are two policies named \"sound\"\n"},
        mistake{in_policy("limits.images = 0"), "c.toml:4:17: 0 allows nothing: leave the policy out instead\n"},
        mistake{in_policy("when.for = '5s'"), "c.toml:4:12: for holds for quantities"},
        mistake{in_policy("splay = '5m'"),
                "c.toml:4:9: splay spreads scheduled runs, and this policy has no when.schedule\n"},
        mistake{removing("remove.volumes.anonymous = true\narchive = '/a'"),
                "c.toml:4:11: archive saves images before they are removed, and this policy removes none\n"},
        // What follows from a value that could not be read is not reported.
        mistake{removing("when.disk_above = 0.8\nuntil.disk_below = 'x'\nremove.images = 'unused'"),
                "c.toml:4:20: disk_below takes a number"},
        mistake{removing("remove.images = 'unsued'"),
                "c.toml:3:18: images: \"unsued\" is not known; did you mean \"unused\"? Allowed: dangling, unused\n"},
        mistake{in_policy("when.schedule = 'x'\nsplay = '5m'"), "c.toml:4:18: schedule: \"x\" has 1 field, not five"}));

TEST(faults, of_syntax_say_how_a_line_without_its_quotes_would_read) {
  EXPECT_THAT(faults_of("mode = observe"), AllOf(StartsWith("c.toml:1:8: "), EndsWith("; text stands in quotes: mode = \"observe\"\n")));
  EXPECT_THAT(faults_of("[keep]\nmin_age = 1h  # an hour"),
              AllOf(StartsWith("c.toml:2:12: "), EndsWith("; text stands in quotes: min_age = \"1h\"\n")));
  for (const auto* other : {"a = = 1", "keep.images = [a, b]", "mode = \"observe", "a = 1 1'", "[a"}) {
    EXPECT_THAT(faults_of(other), Not(HasSubstr("text stands in quotes"))) << other;
  }
}

// 50,000 parts would take the stack.
TEST(faults, of_keys_that_no_stack_can_hold) {
  const auto parts = "a" + repeated(".a", 50000);
  const std::string words = "a line with more than 64 dots: no key is that deep\n";
  EXPECT_EQ(faults_of(parts + " = 1"), "c.toml:1:130: " + words);
  EXPECT_EQ(faults_of("# ... " + repeated(".", 100) + "\n[" + parts + "]"), "c.toml:2:131: " + words);
  EXPECT_EQ(faults_of("x = { y = { " + parts + " = 1 } }"), "c.toml:1:142: " + words);
}

TEST(faults, are_none_where_dots_stand_in_strings_and_comments) {
  const auto dots = repeated(".", 100);
  EXPECT_EQ(faults_of("# " + dots + "\nkeep.images = [\"a" + dots + "\\\"" + dots + "\", 'b" + dots + "', \"\"\"" + dots + "\n\"" + dots +
                      "\"\"\", '''" + dots + "\n" + dots + "''']  # " + dots),
            "");
}

TEST(faults, come_all_in_one_go_in_the_order_of_the_file) {
  EXPECT_EQ(faults_of(R"(mode = "enfroce"
[keep]
min_age = 5
minimum = 1
[[policy]]
name = "p"
when = { disk_above = 85, schedule = "x" }
remove = { images = "all" }
[web]
listen = ["nine"]
)"),
            "c.toml:1:9: mode: \"enfroce\" is not known; did you mean \"enforce\"? Allowed: observe, enforce\n"
            "c.toml:3:11: min_age takes a duration, as in \"30s\", not the integer 5\n"
            "c.toml:4:1: unknown key \"minimum\" in keep. Allowed: min_age, local_only, ask_registry, digest_only, "
            "images, images_regex, labels, containers, "
            "per_repository\n"
            "c.toml:7:23: 85 is out of range: a ratio lies between 0 and 1; did you mean 0.85?\n"
            "c.toml:7:39: schedule: \"x\" has 1 field, not five: minute, hour, day of month, month, day of week, as in "
            "\"0 2 * * *\"\n"
            "c.toml:8:22: images: \"all\" is not known. Allowed: dangling, unused\n"
            "c.toml:10:12: listen: \"nine\" is no listen address: the port is missing; allowed are \"HOST:PORT\", "
            "\":PORT\", \"[IPv6]:PORT\", "
            "\"unix:///path\" or \"systemd\"\n");
}

TEST(faults, a_password_in_the_wrong_place_is_not_repeated) {
  EXPECT_THAT(faults_of("web.users = { a = \"hunter2\" }"), testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(faults_of("alertmanager.urls = [\"http://u:hunter2@a\"]"), testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace docksweep::config
