// How long a plan takes on a big node, and how much memory: 10,000 images of 30 layers (300,000 layer references), and
// ten times as many. The view is there already. tests/bench/bench.py holds the limits.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/plan.hpp"

namespace {

// Bytes on the heap now, and the most there were.
std::size_t heap_bytes = 0;
std::size_t heap_peak_bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (!block) throw std::bad_alloc();
  heap_bytes += malloc_usable_size(block);
  if (heap_bytes > heap_peak_bytes) heap_peak_bytes = heap_bytes;
  return block;
}
void operator delete(void* block) noexcept {
  heap_bytes -= malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}

namespace {

using namespace docksweep::core;
using namespace std::chrono_literals;

// As registries' images are: a base that 100 images share, a middle that 10 share, layers of one image alone.
constexpr std::size_t shared_by[] = {100, 10, 1};
constexpr std::size_t layers_each = 10;
constexpr instant now(1'800'000'000s);

byte_count size_of(std::size_t group, std::size_t owner, std::size_t layer) {
  return static_cast<byte_count>(1'000 + (group * 7'919 + owner * 104'729 + layer * 1'299'709) % 50'000'000);
}

std::shared_ptr<const image_details> details_of(std::size_t index, const std::string& id) {
  auto inside = std::make_shared<image_details>();
  inside->id = id;
  inside->has_history = true;
  for (std::size_t group = 0; group < std::size(shared_by); ++group) {
    const auto owner = index / shared_by[group];
    for (std::size_t layer = 0; layer < layers_each; ++layer) {
      inside->history_sizes.push_back(size_of(group, owner, layer));
      // Stands for a chain ID: what counts is that equal layers have equal ones.
      inside->chain_ids.push_back(fmt::format("{}.{}.{}", group, owner, layer));
    }
  }
  return inside;
}

struct node {
  explicit node(std::size_t images) : shown(make(images)) {
    std::vector<use_record> uses;
    for (std::size_t i = 0; i < images; ++i) {
      // Spread over a year, in no order.
      const auto used = now - 2h - std::chrono::minutes(i * 7'919 % 500'000);
      uses.push_back({.id = shown.what().images[i].id, .first_seen = used - 24h, .last_used = used});
    }
    usage.images.load(std::move(uses), now);
  }

  static view make(std::size_t images) {
    inventory what;
    what.engine.engine = "docker";
    what.disk.emplace();
    for (std::size_t i = 0; i < images; ++i) {
      auto& one = what.images.emplace_back();
      one.id = fmt::format("sha256:{:064x}", i + 1);
      const auto repository = fmt::format("registry.example.com/team/app-{}", i / 10);
      one.tags = {fmt::format("{}:1.{}", repository, i % 10)};
      one.digests = {fmt::format("{}@sha256:{:064x}", repository, i + 1)};
      what.details.push_back(details_of(i, one.id));
      one.size = 0;
      for (const auto bytes : what.details.back()->history_sizes) *one.size += bytes;
    }
    // Every 50th is in use.
    for (std::size_t i = 0; i < images; i += 50) {
      auto& one = what.containers.emplace_back();
      one.id = fmt::format("{:064x}", i + 1);
      one.image_id = what.images[i].id;
    }
    return view(std::move(what));
  }

  view shown;
  node_usage usage;
  container_details_by_id stopped;
};

const node& the_node(std::int64_t images) {
  static const node small(10'000);
  if (images == 10'000) return small;
  static const node big(100'000);
  return big;
}

enum class kind { half, all, missed, patterns, largest };

// `half`: a goal in bytes that needs about half of the images. `all`: no goal. `patterns`: half, and globs and a
// regular expression over every name. `largest`: half, largest first.
policy policy_of(kind which, const node& of, file_system& disk) {
  auto made = everything_unused({});
  if (which == kind::all) return made;
  const auto goal = of.shown.reclaimable().at_least / 2;
  disk = {.path = "/", .size_bytes = 4 * goal, .avail_bytes = 0};
  made.until = {{quantity::disk_free, static_cast<double>(goal)}};
  if (which == kind::missed) made.until[0].value *= 3;
  if (which == kind::largest) made.remove.images->order = image_order::largest;
  if (which == kind::patterns) {
    made.keep.images = {glob::compile("*/kube-system/*").value(), glob::compile("*:stable").value()};
    made.keep.images_regex = regex::compile("(/kube-system/)|(/library/)").value();
  }
  return made;
}

void make_plans(benchmark::State& state, kind which) {
  const auto& of = the_node(state.range(0));
  file_system disk;
  const auto policy = policy_of(which, of, disk);
  const std::span<const file_system> disks(&disk, which == kind::all ? 0 : 1);
  const node_picture picture{of.shown, of.usage, disks, of.stopped, ""};
  const auto images = make_plan(picture, policy, now).images();
  const auto least = which == kind::all || which == kind::missed ? state.range(0) * 98 / 100 : state.range(0) * 3 / 10;
  if (images < least || images > std::max(least, state.range(0) * 7 / 10)) {
    throw std::logic_error(fmt::format("a plan of {} images: this measures something else", images));
  }
  const auto before = heap_bytes;
  heap_peak_bytes = heap_bytes;
  for (auto _ : state) benchmark::DoNotOptimize(make_plan(picture, policy, now).steps.size());
  state.counters["images"] = static_cast<double>(images);
  state.counters["peak_bytes"] = static_cast<double>(heap_peak_bytes - before);
}
BENCHMARK_CAPTURE(make_plans, half, kind::half)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plans, all, kind::all)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plans, missed, kind::missed)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plans, patterns, kind::patterns)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plans, largest, kind::largest)->Arg(10'000)->Unit(benchmark::kMillisecond);

// What comes before it: a fresh view with its account of the layers.
void build_view(benchmark::State& state) {
  const auto& of = the_node(state.range(0)).shown.what();
  for (auto _ : state) benchmark::DoNotOptimize(view(of).layers().exact());
}
BENCHMARK(build_view)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
