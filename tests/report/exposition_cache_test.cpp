// When the page is rendered, and that its compressed form is the same page.
#include "report/exposition_cache.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "report/exposition.hpp"
#include "report/families.hpp"
#include "report/node_metrics.hpp"
#include "report/sample_node.hpp"
#include "report/telemetry.hpp"

namespace docksweep::report {
namespace {

using namespace std::chrono_literals;
using enum exposition_format;

// Unpacks exactly one gzip member; what follows it is a fault.
std::string gunzip(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class cache_test : public ::testing::Test {
 protected:
  std::shared_ptr<const std::string> page(content_encoding encoding = content_encoding::identity,
                                          exposition_format format = text_0_0_4) {
    return cache_.page(format, encoding, now_);
  }

  std::uint64_t revision_ = 0;
  int state_rendered_ = 0, own_rendered_ = 0;
  exposition_cache::time_point now_{1h};
  exposition_cache cache_{{.state_revision = [this] { return revision_; },
                           .state = [this] { return std::vector{single_gauge("state", "S.", ++state_rendered_)}; },
                           .own = [this] { return std::vector{single_gauge("own", "O.", ++own_rendered_)}; }}};
};

TEST_F(cache_test, serves_the_same_string_until_something_changes) {
  const auto first = page();
  now_ += 999ms;
  EXPECT_EQ(page(), first);
  EXPECT_EQ(*first, "# HELP state S.\n# TYPE state gauge\nstate 1\n# HELP own O.\n# TYPE own gauge\nown 1\n");
  EXPECT_EQ(state_rendered_, 1);
  EXPECT_EQ(own_rendered_, 1);
}

TEST_F(cache_test, renders_the_state_when_its_revision_changes_and_only_then) {
  page();
  ++revision_;
  EXPECT_NE(page()->find("state 2\n"), std::string::npos);
  EXPECT_NE(page()->find("own 1\n"), std::string::npos);
  EXPECT_EQ(state_rendered_, 2);
  EXPECT_EQ(own_rendered_, 1);
}

TEST_F(cache_test, renders_the_own_part_once_a_second) {
  page();
  now_ += 1s;
  EXPECT_NE(page()->find("own 2\n"), std::string::npos);
  EXPECT_EQ(state_rendered_, 1);
  EXPECT_EQ(own_rendered_, 2);
}

TEST_F(cache_test, keeps_an_old_page_alive_for_who_is_still_sending_it) {
  const auto old = page();
  const auto text = *old;
  ++revision_;
  page();
  EXPECT_EQ(*old, text);
}

TEST_F(cache_test, gzip_is_the_same_page_in_one_member) {
  for (int round = 0; round < 4; ++round) {
    const auto plain = page();
    const auto packed = page(content_encoding::gzip);
    EXPECT_EQ(gunzip(*packed), *plain);
    EXPECT_EQ(page(content_encoding::gzip), packed);
    revision_ += static_cast<std::uint64_t>(round % 2);
    now_ += round % 2 ? 0s : 2s;
  }
}

TEST_F(cache_test, each_format_has_its_own_page) {
  const auto text = page();
  const auto open = page(content_encoding::identity, openmetrics_1_0_0);
  EXPECT_FALSE(text->ends_with("# EOF\n"));
  EXPECT_TRUE(open->ends_with("# EOF\n"));
  EXPECT_EQ(gunzip(*page(content_encoding::gzip, openmetrics_1_0_0)), *open);
  EXPECT_EQ(page(), text);
}

TEST_F(cache_test, a_source_that_throws_leaves_no_half_page) {
  bool broken = true;
  exposition_cache cache{{.state_revision = [] { return 1u; },
                          .state = [&] {
                            if (broken) throw std::runtime_error("no");
                            return std::vector{single_gauge("state", "S.", 1)};
                          },
                          .own = [] { return std::vector<prometheus::MetricFamily>{}; }}};
  EXPECT_THROW(cache.page(text_0_0_4, content_encoding::identity, now_), std::runtime_error);
  broken = false;
  EXPECT_NE(cache.page(text_0_0_4, content_encoding::identity, now_)->find("state 1"), std::string::npos);
}

TEST(gzip, round_trips_parts_of_any_size) {
  for (const std::size_t first : {0u, 1u, 70'000u}) {
    for (const std::size_t second : {0u, 3u, 300'000u}) {
      std::string one, two;
      for (std::size_t i = 0; i < first; ++i) one += static_cast<char>('a' + i * i % 26);
      for (std::size_t i = 0; i < second; ++i) two += static_cast<char>(i * 2654435761u >> 13);
      const auto a = deflate_part(one, part_place::inside);
      const auto b = deflate_part(two, part_place::last);
      EXPECT_EQ(gunzip(gzip_of({&a, &b})), one + two);
    }
  }
}

// "Well below 1 ms" for 1,000 images in an optimised build; the sanitizers' build gets its allowance.
TEST(rendering, of_a_thousand_images_is_quick) {
  auto state = testing::sample_state();
  state.view = testing::big_view(1000);
  std::string out;
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 20; ++i) {
    out.clear();
    const auto start = std::chrono::steady_clock::now();
    write_families(out, node_families(state, {}), text_0_0_4);
    best = std::min(best, std::chrono::nanoseconds(std::chrono::steady_clock::now() - start));
  }
  const auto microseconds = std::chrono::duration<double, std::micro>(best).count();
  fmt::print("state part of 1,000 images: {:.0f} us, {} bytes\n", microseconds, out.size());
#ifdef NDEBUG
  EXPECT_LT(microseconds, 500);
#else
  EXPECT_LT(microseconds, 20'000);
#endif
}

}  // namespace
}  // namespace docksweep::report
