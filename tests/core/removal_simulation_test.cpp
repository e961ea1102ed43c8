// One image more or less at a time comes to the same as asking about the whole set: over random nodes, both image
// stores, images that nobody could read, build cache that shares layers, containers thought away.
#include "core/removal_simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random_node.hpp"

namespace docksweep::tests {
namespace {

using core::image_store;

struct simulated_node {
  random_node made;
  std::vector<const core::image_details*> details;
  image_store store = image_store::graphdriver;
  std::optional<core::byte_count> held_by_others;

  explicit simulated_node(std::uint32_t seed) : made(make_random_node(seed, options(seed))) {
    std::mt19937 random(seed);
    details = made.details_view();
    for (auto& one : details) {
      if (seed % 5 == 0 && random() % 4 == 0) one = nullptr;
    }
    store = seed % 2 == 0 ? image_store::graphdriver : image_store::containerd;
    for (std::size_t i = 0; i < made.images.size() && store == image_store::containerd; ++i) {
      const auto blobs = static_cast<core::byte_count>(random() % 100'000);
      made.details[i].content_size = blobs;
      made.images[i].size = *made.images[i].size + blobs;
    }
    if (seed % 7 == 0) made.images[random() % made.images.size()].size.reset();
    if (seed % 11 != 0) held_by_others = seed % 3 == 0 ? random() % 1'000'000 : 0;
  }

  static random_node_options options(std::uint32_t seed) {
    static constexpr random_node_options all[] = {{12, 0, 0, 20, 40}, {14, 30, 20, 20, 60}, {20, 60, 30, 10, 70}};
    return all[seed % std::size(all)];
  }

  core::layer_accounting account(const std::vector<core::container>& containers) const {
    return {store, made.images, details, core::image_states(made.images, containers), held_by_others};
  }
};

TEST(removal_simulation, is_always_what_the_whole_set_frees) {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    const simulated_node n(seed);
    std::mt19937 random(seed);
    // Made with all containers, asked about with some of them away.
    const auto all = n.account(n.made.containers);
    auto fewer = n.made.containers;
    std::erase_if(fewer, [&](const auto&) { return random() % 2 == 0; });
    const auto states = core::image_states(n.made.images, fewer);
    const auto expected = n.account(fewer);
    core::removal_simulation simulation(all, states);
    std::vector<std::uint32_t> chosen;
    for (int step = 0; step < 40; ++step) {
      const auto one = static_cast<std::uint32_t>(random() % n.made.images.size());
      const auto at = std::ranges::find(chosen, one);
      if (at == chosen.end() && random() % 3 != 0) {
        chosen.push_back(one);
        simulation.add(one);
      } else {
        if (at != chosen.end()) chosen.erase(at);
        simulation.drop(one);
      }
      if (random() % 50 == 0) {
        chosen.clear();
        simulation.clear();
      }
      ASSERT_EQ(simulation.freed(), expected.freed_by(chosen)) << "seed " << seed << " step " << step;
      auto gone = expected.gone_with(chosen);
      std::ranges::sort(gone);
      for (std::uint32_t i = 0; i < n.made.images.size(); ++i) {
        ASSERT_EQ(simulation.gone(i), std::ranges::binary_search(gone, i)) << "seed " << seed << " image " << i;
        ASSERT_EQ(simulation.chosen(i), std::ranges::find(chosen, i) != chosen.end());
      }
      ASSERT_EQ(simulation.chosen_count(), std::ssize(chosen));
      ASSERT_EQ(simulation.chosen_and_gone_count(),
                std::ranges::count_if(chosen, [&](auto i) { return simulation.gone(i); }));
    }
  }
}

TEST(removal_simulation, without_other_states_it_is_as_the_accounting_was_made) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const simulated_node n(seed);
    const auto layers = n.account(n.made.containers);
    core::removal_simulation simulation(layers);
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t i = 0; i < n.made.images.size(); i += 2) {
      chosen.push_back(i);
      simulation.add(i);
    }
    ASSERT_EQ(simulation.freed(), layers.freed_by(chosen)) << "seed " << seed;
  }
}

TEST(removal_simulation, containers_that_were_thought_away_can_come_back) {
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    const simulated_node n(seed);
    const auto layers = n.account(n.made.containers);
    const auto without = core::image_states(n.made.images, {});
    const auto with = core::image_states(n.made.images, n.made.containers);
    core::removal_simulation simulation(layers, without);
    std::mt19937 random(seed);
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t i = 0; i < n.made.images.size(); ++i) {
      if (random() % 2 == 0) continue;
      chosen.push_back(i);
      simulation.add(i);
    }
    const auto each_held = [&](auto apply) {
      for (std::uint32_t i = 0; i < with.size(); ++i) {
        if (with[i] == core::image_state::in_use) apply(i);
      }
    };
    each_held([&](auto i) { simulation.hold(i); });
    ASSERT_EQ(simulation.freed(), layers.freed_by(chosen)) << "seed " << seed;
    each_held([&](auto i) { simulation.release(i); });
    ASSERT_EQ(simulation.freed(), n.account({}).freed_by(chosen)) << "seed " << seed;
  }
}

// What goes step by step is told once, children first.
TEST(removal_simulation, tells_what_each_choice_takes) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    const simulated_node n(seed);
    const auto layers = n.account({});
    core::removal_simulation simulation(layers);
    std::vector<std::uint32_t> told;
    for (std::uint32_t i = 0; i < n.made.images.size(); ++i) {
      const auto taken = simulation.add(i);
      for (const auto one : taken) ASSERT_TRUE(simulation.gone(one));
      told.insert(told.end(), taken.begin(), taken.end());
      ASSERT_TRUE(simulation.add(i).empty()) << "chosen already";
    }
    std::ranges::sort(told);
    ASSERT_EQ(std::ranges::adjacent_find(told), told.end());
    ASSERT_EQ(told.size(), n.made.images.size()) << "everything goes in the end";
  }
}

// On graphdriver: an image frees something exactly when the others alone free less.
TEST(removal_simulation, knows_what_frees_something) {
  int useless = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    const auto made = make_random_node(seed, {12, seed % 2 == 0 ? 0 : 30, 0, 20, 40});
    const auto states = core::image_states(made.images, made.containers);
    const core::layer_accounting layers(image_store::graphdriver, made.images, made.details_view(), states, 0);
    core::removal_simulation simulation(layers);
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < made.images.size(); ++i) {
      if (states[i] == core::image_state::in_use || states[i] == core::image_state::intermediate) continue;
      all.push_back(i);
      simulation.add(i);
    }
    for (const auto one : all) {
      if (!simulation.gone(one)) continue;
      auto others = all;
      std::erase(others, one);
      const auto more = layers.freed_by(all);
      const auto less = layers.freed_by(others);
      if (!simulation.frees_something(one)) {
        ASSERT_EQ(more.at_least, less.at_least) << "seed " << seed;
        ++useless;
      } else if (layers.exact()) {
        ASSERT_GT(more.at_least, less.at_least) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(useless, 100);
}

}  // namespace
}  // namespace docksweep::tests
