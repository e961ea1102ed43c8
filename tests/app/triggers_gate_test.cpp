// The gate: one case for each reason against a run, and for its edges.
#include <gtest/gtest.h>

#include <functional>

#include "app/gate.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;

gate_facts open() {
  return {.engine_up = true,
          .complete = true,
          .view_age = 1min,
          .stale_after = 15min,
          .last_listing = 50ms,
          .slow_listing = 2s,
          .paused = false,
          .in_window = true,
          .since_start = 1h,
          .settle = 10min,
          .fullest_disk = 0.9,
          .settle_ends_above = 0.95,
          .rested = 20min,
          .cooldown = 10min};
}

struct gate_case {
  const char* what;
  std::function<void(gate_facts&)> change;
  std::optional<skip_reason> expected;
};

void PrintTo(const gate_case& which, std::ostream* out) { *out << which.what; }

class gate : public testing::TestWithParam<gate_case> {};

TEST_P(gate, opens_or_says_why_not) {
  auto facts = open();
  GetParam().change(facts);
  EXPECT_EQ(why_not(facts), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    all, gate,
    testing::Values(
        gate_case{"nothing against it", [](auto&) {}, std::nullopt},
        gate_case{"engine down", [](auto& f) { f.engine_up = false; }, skip_reason::engine_down},
        gate_case{"partial view", [](auto& f) { f.complete = false; }, skip_reason::stale_inventory},
        gate_case{"old view", [](auto& f) { f.view_age = 15min + 1s; }, skip_reason::stale_inventory},
        gate_case{"view just young enough", [](auto& f) { f.view_age = 15min; }, std::nullopt},
        gate_case{"slow engine", [](auto& f) { f.last_listing = 2001ms; }, skip_reason::engine_slow},
        gate_case{"engine at its limit", [](auto& f) { f.last_listing = 2s; }, std::nullopt},
        gate_case{"paused", [](auto& f) { f.paused = true; }, skip_reason::paused},
        gate_case{"outside of its windows", [](auto& f) { f.in_window = false; }, skip_reason::window},
        gate_case{"settling", [](auto& f) { f.since_start = 10min - 1s; }, skip_reason::settling},
        gate_case{"settled", [](auto& f) { f.since_start = 10min; }, std::nullopt},
        gate_case{"a disk almost full does not wait",
                  [](auto& f) {
                    f.since_start = 0s;
                    f.fullest_disk = 0.951;
                  },
                  std::nullopt},
        gate_case{"a disk at the mark waits",
                  [](auto& f) {
                    f.since_start = 0s;
                    f.fullest_disk = 0.95;
                  },
                  skip_reason::settling},
        gate_case{"… but a full disk is no reason against a cooldown",
                  [](auto& f) {
                    f.fullest_disk = 1;
                    f.rested = 1min;
                  },
                  skip_reason::cooldown},
        gate_case{"cooled down", [](auto& f) { f.rested = 10min; }, std::nullopt},
        gate_case{"never ran", [](auto& f) { f.rested = std::nullopt; }, std::nullopt},
        gate_case{"a down engine is told before a pause",
                  [](auto& f) {
                    f.engine_up = false;
                    f.paused = true;
                  },
                  skip_reason::engine_down}));

// 402 images took Docker 26.1 up to 2.5 s there: a node with that many would never be swept.
TEST(slow_listing, grows_with_the_images_on_the_containerd_store) {
  using core::image_store;
  EXPECT_EQ(app::slow_listing(image_store::containerd, 402, 2s), 6030ms);
  EXPECT_EQ(app::slow_listing(image_store::containerd, 100, 2s), 2s);
  EXPECT_EQ(app::slow_listing(image_store::graphdriver, 10'000, 2s), 2s);
}

}  // namespace
}  // namespace docksweep::app
