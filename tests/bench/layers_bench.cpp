// How long the bytes question takes on a big node: 10,000 images of 30 layers, 300,000 layer references, 111,000 layers.
// tests/bench/bench.py holds the limits.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/image_state.hpp"
#include "core/layers.hpp"

namespace {

using namespace docksweep::core;

constexpr std::size_t image_count = 10'000;
// As registries' images are: a base that 100 images share, a middle that 10 share, layers of one image alone.
constexpr std::size_t shared_by[] = {100, 10, 1};
constexpr std::size_t layers_each = 10;

struct node {
  std::vector<image> images;
  std::vector<image_details> details;
  std::vector<const image_details*> details_view;
  std::vector<image_state> states;
  byte_count bytes = 0;  // of all layers, each once
};

byte_count size_of(std::size_t group, std::size_t owner, std::size_t layer) {
  return static_cast<byte_count>(1'000 + (group * 7'919 + owner * 104'729 + layer * 1'299'709) % 50'000'000);
}

node make_node() {
  node made;
  for (std::size_t index = 0; index < image_count; ++index) {
    auto& what = made.images.emplace_back();
    auto& inside = made.details.emplace_back();
    what.id = inside.id = fmt::format("sha256:{:064x}", index + 1);
    what.tags = {fmt::format("registry.example.com/team/app-{}:1.{}", index / 10, index % 10)};
    inside.has_history = true;
    byte_count size = 0;
    for (std::size_t group = 0; group < std::size(shared_by); ++group) {
      const auto owner = index / shared_by[group];
      for (std::size_t layer = 0; layer < layers_each; ++layer) {
        inside.diff_ids.push_back(fmt::format("sha256:{:016x}{:032x}{:016x}", group, owner, layer));
        inside.history_sizes.push_back(size_of(group, owner, layer));
        size += inside.history_sizes.back();
        if (index % shared_by[group] == 0) made.bytes += inside.history_sizes.back();
      }
    }
    inside.chain_ids = chain_ids(inside.diff_ids);
    what.size = inside.listed_size = size;
  }
  for (const auto& one : made.details) made.details_view.push_back(&one);
  made.states = image_states(made.images, {});
  return made;
}

const node& the_node() {
  static const node made = make_node();
  return made;
}

layer_accounting account() {
  const auto& all = the_node();
  return {image_store::graphdriver, all.images, all.details_view, all.states, byte_count{0}};
}

const layer_accounting& the_accounting() {
  static const layer_accounting made = account();
  return made;
}

// The set: `share` per cent of all images, spread over the node.
void freed_by_set(benchmark::State& state) {
  const auto& accounting = the_accounting();
  std::vector<std::uint32_t> set(image_count * static_cast<std::size_t>(state.range(0)) / 100);
  for (std::size_t index = 0; index < set.size(); ++index) {
    set[index] = static_cast<std::uint32_t>(index * 7'919 % image_count);  // 7,919 is prime: no index twice
  }
  if (state.range(0) == 100 && accounting.freed_by(set) != byte_range{the_node().bytes, the_node().bytes}) {
    throw std::logic_error("removing everything does not free every byte: this measures something wrong");
  }
  for (auto _ : state) benchmark::DoNotOptimize(accounting.freed_by(set));
}
BENCHMARK(freed_by_set)->Arg(1)->Arg(50)->Arg(100)->Unit(benchmark::kMillisecond);

// Each image alone, as `docksweep images` asks.
void freed_by_each_alone(benchmark::State& state) {
  const auto& accounting = the_accounting();
  for (auto _ : state) {
    for (std::uint32_t index = 0; index < image_count; ++index) {
      benchmark::DoNotOptimize(accounting.freed_by(std::span(&index, 1)));
    }
  }
}
BENCHMARK(freed_by_each_alone)->Unit(benchmark::kMillisecond);

// What a fresh view costs before the first question.
void build_accounting(benchmark::State& state) {
  the_node();
  for (auto _ : state) benchmark::DoNotOptimize(account().exact());
}
BENCHMARK(build_accounting)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
