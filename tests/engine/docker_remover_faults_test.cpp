// What each verb of the remover port makes of an engine that refuses, fails, hangs, breaks off or lies.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::exchange;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct verb {
  std::string name, endpoint, method, path;
  std::function<app::task<core::result<void>>(app::container_engine&)> call;
};

void PrintTo(const verb& one, std::ostream* out) {
  *out << one.name;
}

template <typename T>
app::task<core::result<void>> outcome_only(app::task<core::result<T>> call) {
  const auto outcome = co_await std::move(call);
  if (!outcome) co_return std::unexpected(outcome.error());
  co_return core::result<void>{};
}

const verb verbs[] = {
    {"remove_image", "image_remove", "DELETE", "/images/a:1",
     [](auto& engine) { return outcome_only(engine.remove_image("a:1")); }},
    {"remove_container", "container_remove", "DELETE", "/containers/abc",
     [](auto& engine) { return engine.remove_container("abc"); }},
    {"prune_build_cache", "build_prune", "POST", "/build/prune",
     [](auto& engine) { return outcome_only(engine.prune_build_cache(0)); }},
    {"remove_volume", "volumes_remove", "DELETE", "/volumes/v1",
     [](auto& engine) { return engine.remove_volume("v1"); }},
    {"tag_image", "image_tag", "POST", "/images/sha256:ab/tag",
     [](auto& engine) { return engine.tag_image("sha256:ab", "a:1"); }},
    {"container_details", "container_inspect", "GET", "/containers/abc/json",
     [](auto& engine) { return outcome_only(engine.container_details("abc")); }},
    {"holders_of_image", "containers_list", "GET", "/containers/json",
     [](auto& engine) { return outcome_only(engine.holders_of_image("sha256:ab")); }},
    {"holders_of_volume", "containers_list", "GET", "/containers/json",
     [](auto& engine) { return outcome_only(engine.holders_of_volume("v1")); }},
};

class remover_faults : public test::engine_test, public testing::WithParamInterface<verb> {
 protected:
  core::failure fault() {
    const auto outcome = run(GetParam().call(port()));
    return outcome ? core::failure{failure_code::storage, "it succeeded", 0} : outcome.error();
  }
  void SetUp() override { record("docker-20.10", "1.41"); }
};
INSTANTIATE_TEST_SUITE_P(each, remover_faults, testing::ValuesIn(verbs),
                         [](const auto& with) { return with.param.name; });

TEST_P(remover_faults, in_use_is_a_conflict_and_no_failure_of_the_engine) {
  server.answer(GetParam().path, R"({"message":"conflict: it is in use"})", 409);
  const auto found = fault();
  EXPECT_EQ(found.code, failure_code::conflict);
  EXPECT_EQ(found.http_status, 409);
  EXPECT_THAT(found.message, HasSubstr("in use"));
  EXPECT_THAT(found.message, HasSubstr(GetParam().method + " " + GetParam().path));
  EXPECT_EQ(counts.requests[GetParam().endpoint], 1);
  EXPECT_EQ(counts.failures[GetParam().endpoint], 0);
}

TEST_P(remover_faults, gone_is_not_found) {
  server.answer(GetParam().path, R"({"message":"No such thing"})", 404);
  const auto outcome = run(GetParam().call(port()));
  EXPECT_EQ(counts.failures[GetParam().endpoint], 0);
  if (GetParam().name == "container_details") {
    EXPECT_TRUE(outcome);
    return;
  }
  ASSERT_FALSE(outcome);
  const bool no_cache = GetParam().name == "prune_build_cache";
  EXPECT_EQ(outcome.error().code, no_cache ? failure_code::refused : failure_code::not_found);
  EXPECT_EQ(outcome.error().http_status, 404);
}

TEST_P(remover_faults, its_own_fault_is_told_in_its_words) {
  server.answer(GetParam().path, R"({"message":"device or resource busy; it is in use"})", 500);
  const auto found = fault();
  EXPECT_EQ(found.code, failure_code::engine_error);
  EXPECT_EQ(found.http_status, 500);
  EXPECT_THAT(found.message, HasSubstr("device or resource busy"));
  EXPECT_EQ(counts.failures[GetParam().endpoint], 1);
}

TEST_P(remover_faults, an_engine_that_hangs_is_left_at_the_deadline) {
  options.timeout = 500ms;
  options.removal_timeout = 500ms;
  server.on(GetParam().path, [](exchange& with) { with.hang(); });
  EXPECT_EQ(fault().code, failure_code::timeout);
}

TEST_P(remover_faults, an_engine_that_dies_before_it_answers_is_not_asked_twice) {
  server.on(GetParam().path, [](exchange& with) { with.die(); });
  const auto found = fault();
  EXPECT_EQ(found.code, failure_code::unreachable) << found.message;
  const bool changes_something = GetParam().method != "GET";
  EXPECT_TRUE(!changes_something || server.count(GetParam().path) == 1);
}

TEST_P(remover_faults, an_answer_that_breaks_off_is_no_answer) {
  server.on(GetParam().path, [](exchange& with) {
    with.begin_chunked();
    with.chunk(R"([{"Untagged":"a:1"},{"Dele)");
    with.die();
  });
  EXPECT_EQ(fault().code, failure_code::unreachable);
  EXPECT_EQ(counts.failures[GetParam().endpoint], 1);
}

TEST_P(remover_faults, half_a_body_that_was_announced_whole_is_no_answer) {
  server.on(GetParam().path, [](exchange& with) {
    with.raw("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 1000\r\n\r\n[{\"Untagged\":");
    with.die();
  });
  EXPECT_EQ(fault().code, failure_code::unreachable);
}

TEST_P(remover_faults, an_answer_in_another_language_is_malformed) {
  server.answer(GetParam().path, "<html>proxy</html>");
  const auto& name = GetParam().name;
  const auto outcome = run(GetParam().call(port()));
  // Those that only say yes have no body to understand.
  if (name == "remove_container" || name == "remove_volume" || name == "tag_image") {
    EXPECT_TRUE(outcome);
    return;
  }
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, failure_code::malformed);
  EXPECT_THAT(outcome.error().message, HasSubstr(GetParam().method + " " + GetParam().path));
}

TEST_P(remover_faults, negotiates_again_with_an_engine_that_was_replaced) {
  ASSERT_TRUE(run(port().identify()));
  server.on(GetParam().path, [this](exchange& with) {
    const bool replaced = with.request.target.starts_with("/v1.40/");
    if (!replaced) server.set_api_version("1.40");
    with.reply(replaced ? 409 : 400,
               R"({"message":"client version 1.41 is too new. Maximum supported API version is 1.40"})");
  });
  EXPECT_EQ(fault().code, failure_code::conflict);
  EXPECT_THAT(server.calls().back(), HasSubstr(GetParam().method + " /v1.40" + GetParam().path));
}

class engines_in_trouble : public test::engine_test {};

// A removal may take minutes where any other call may not.
TEST_F(engines_in_trouble, removals_have_a_deadline_of_their_own) {
  record("docker-20.10", "1.41");
  options.removal_timeout = 300ms;  // and 30 s for every other call
  for (const auto& one : verbs) {
    if (one.name != "remove_image" && one.name != "remove_container" && one.name != "remove_volume" &&
        one.name != "prune_build_cache")
      continue;
    server.on(one.path, [](exchange& with) { with.hang(); });
    const auto outcome = run(one.call(port()));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, failure_code::timeout) << one.name;
    EXPECT_THAT(outcome.error().message, HasSubstr("within 0.3 s"));
  }
}

// What Podman 4.3 and 5.8 said in place of a 409.
const std::string podman_conflicts[] = {
    R"({"cause":"container state improper","message":"cannot remove container 4944 as it is running - running or paused )"
    R"(containers cannot be removed without force: container state improper","response":500})",
    R"({"cause":"c","message":"unable to delete image \"839f\" by ID with more than one tag ([localhost/b:1 )"
    R"(localhost/a:1]): please force removal","response":500})",
    R"({"cause":"image is in use by a container","message":"image used by 6738: image is in use by a container",)"
    R"("response":500})",
    R"({"cause":"volume is being used","message":"volume v1 is being used by the following container(s): b128",)"
    R"("response":500})",
};

TEST_F(engines_in_trouble, podmans_500_for_a_conflict_is_a_conflict) {
  for (const auto& words : podman_conflicts) {
    test::scripted_engine podman("1.41"), docker("1.41");
    podman.set_headers("Libpod-Api-Version: 4.3.1\r\n");
    for (auto* const one : {&podman, &docker}) {
      one->answer("/images/a:1", words, 500);
      const auto under_test = engine::make_docker_engine(context.get_executor(), one->where(), options, counts);
      const auto outcome = run(under_test->remove_image("a:1"));
      ASSERT_FALSE(outcome);
      EXPECT_EQ(outcome.error().code, one == &podman ? failure_code::conflict : failure_code::engine_error) << words;
      EXPECT_EQ(outcome.error().http_status, 500);
    }
  }
}

TEST_F(engines_in_trouble, another_500_of_podman_stays_a_fault) {
  record("podman-4.3", "1.41", true);
  server.answer("/images/UPPER:1",
                R"({"cause":"c","message":"normalizing image: repository name must be lowercase","response":500})",
                500);
  EXPECT_EQ(run(port().remove_image("UPPER:1")).error().code, failure_code::engine_error);
}

}  // namespace
}  // namespace docksweep
