// That the fake engine pulls, saves and loads as real ones do: tests of what brings images back rely on it.
#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::ElementsAre;

class moved_images : public swept_node {
 protected:
  std::string pushed() {
    const auto id = add_image("app", {"app:1", "app:2"}, {{"base", 100}, {"app", 30}});
    engine.push(id, "app:1", digest);
    return id;
  }
  void lose(const std::string& id) {
    engine.images.erase(id);
    engine.details.erase(id);
  }
  core::result<app::pulled_image> pull(std::string version, std::string platform = {}) {
    auto pulling = engine.pull_image({"docker.io/library/app", std::move(version), std::move(platform)},
                                     [&](const app::transfer_progress& line) { words.push_back(line.status); });
    return run_task(context, std::move(pulling));
  }
  core::result<core::byte_count> save(const std::string& id) {
    auto saving = engine.save_image(id, [this](std::string_view piece) -> app::task<core::result<void>> {
      saved.emplace_back(piece);
      co_return core::result<void>();
    });
    return run_task(context, std::move(saving));
  }
  core::result<std::vector<std::string>> load(std::vector<std::string> pieces) {
    std::size_t next = 0;
    auto loading = engine.load_images([&]() -> app::task<core::result<std::string_view>> {
      co_return next < pieces.size() ? std::string_view(pieces[next++]) : std::string_view();
    });
    return run_task(context, std::move(loading));
  }
  const std::string digest = "sha256:" + std::string(64, 'd');
  std::vector<std::string> words, saved;
};

TEST_F(moved_images, a_pull_by_digest_brings_the_image_without_a_tag) {
  const auto id = pushed();
  lose(id);
  const auto pulled = pull(digest);
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(pulled->digest, digest);
  EXPECT_TRUE(pulled->was_newer);
  EXPECT_THAT(engine.images.at(id).tags, ElementsAre());
  EXPECT_THAT(engine.images.at(id).digests, ElementsAre("app@" + digest));
  EXPECT_EQ(engine.bytes_of_layers(), 130);
  EXPECT_EQ(words.back(), "Status: Downloaded newer image for docker.io/library/app@" + digest);
}

TEST_F(moved_images, a_pull_by_tag_takes_the_tag_from_another_image) {
  const auto id = pushed();
  lose(id);
  const auto other = add_image("other", {"app:1"}, {{"base", 100}});
  const auto pulled = pull("1");
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_THAT(engine.images.at(id).tags, ElementsAre("app:1"));
  EXPECT_THAT(engine.images.at(other).tags, ElementsAre());
  const auto again = pull("1");
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->was_newer);
}

TEST_F(moved_images, a_registry_refuses_in_the_ways_that_real_ones_do) {
  const auto id = pushed();
  EXPECT_EQ(pull("3").error().code, core::failure_code::not_found);
  EXPECT_EQ(pull("1", "linux/s390x").error().code, core::failure_code::not_found);
  EXPECT_EQ(pull("").error().code, core::failure_code::invalid);
  auto asking = engine.registry_has("app", digest);
  EXPECT_EQ(run_task(context, std::move(asking)), true);
  auto asking_other = engine.registry_has("other", digest);
  EXPECT_EQ(run_task(context, std::move(asking_other)), false);
  engine.registry_wants_login.insert("docker.io/library/app");
  EXPECT_EQ(pull("1").error().code, core::failure_code::refused);
  engine.registry_down = true;
  EXPECT_EQ(pull("1").error().code, core::failure_code::engine_error);
  auto asking_nobody = engine.registry_has("app", digest);
  EXPECT_FALSE(run_task(context, std::move(asking_nobody)));
}

TEST_F(moved_images, what_is_saved_can_be_loaded) {
  const auto id = pushed();
  engine.piece_bytes = 7;
  ASSERT_TRUE(save(id));
  const auto details = engine.details.at(id);
  lose(id);
  engine.layer_bytes.clear();
  EXPECT_THAT(load(saved).value(), ElementsAre(id));
  EXPECT_THAT(engine.images.at(id).tags, ElementsAre()) << "saved by ID: without its names";
  EXPECT_EQ(engine.details.at(id), details);
  EXPECT_EQ(engine.bytes_of_layers(), 130);
}

TEST_F(moved_images, half_a_stream_is_no_image) {
  const auto id = pushed();
  ASSERT_TRUE(save(id));
  lose(id);
  saved.back().pop_back();
  EXPECT_EQ(load(saved).error().code, core::failure_code::engine_error);
  EXPECT_FALSE(engine.images.contains(id));
  EXPECT_EQ(save(id).error().code, core::failure_code::not_found);
  const auto other = add_image("other", {}, {{"base", 100}});
  engine.save_breaks_after = 50;
  engine.piece_bytes = 20;
  saved.clear();
  EXPECT_EQ(save(other).error().code, core::failure_code::unreachable);
  EXPECT_EQ(saved.size(), 3u);
}

}  // namespace
}  // namespace docksweep::test
