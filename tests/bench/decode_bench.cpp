// How long decoding a listing of 1,000 images takes. The limit is 1 ms (tests/run --bench).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <ctime>
#include <string>

#include "engine/decode/containers.hpp"
#include "engine/decode/images.hpp"

namespace docksweep {
namespace {

// Entries as Docker 28 sends them, with the usual three tags and three labels.
std::string image_listing(int images) {
  std::string text = "[";
  for (int i = 0; i < images; ++i) {
    const auto id = fmt::format("{:064x}", i + 1);
    text += fmt::format(
        R"({}{{"Containers":{},"Created":{},"Id":"sha256:{}","Labels":{{"maintainer":"team-{}@example.com",)"
        R"("org.opencontainers.image.revision":"{}","org.opencontainers.image.source":"https://git.example.com/team/app-{}"}},)"
        R"("ParentId":"","RepoDigests":["registry.example.com/team/app-{}@sha256:{}"],)"
        R"("RepoTags":["registry.example.com/team/app-{}:1.{}","registry.example.com/team/app-{}:latest","app-{}:dev"],)"
        R"("SharedSize":-1,"Size":{}}})",
        i == 0 ? "" : ",", i % 3, 1700000000 + i, id, i % 7, id.substr(24), i, i, id, i, i, i, i, 100000000 + i);
  }
  return text + "]\n";
}

std::string container_listing(int containers) {
  std::string text = "[";
  for (int i = 0; i < containers; ++i) {
    const auto id = fmt::format("{:064x}", i + 1);
    text += fmt::format(
        R"({}{{"Id":"{}","Names":["/app-{}"],"Image":"registry.example.com/team/app-{}:latest","ImageID":"sha256:{}",)"
        R"("Command":"/usr/bin/app --serve","Created":{},"Ports":[{{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":{},"Type":"tcp"}}],)"
        R"("Labels":{{"com.docker.compose.project":"shop","com.docker.compose.service":"app-{}"}},"State":"running",)"
        R"("Status":"Up 3 days","HostConfig":{{"NetworkMode":"shop_default"}},"NetworkSettings":{{"Networks":{{"shop_default":{{)"
        R"("IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"{}","EndpointID":"{}","Gateway":"172.18.0.1",)"
        R"("IPAddress":"172.18.0.2","IPPrefixLen":16,"MacAddress":"02:42:ac:12:00:02"}}}}}},"Mounts":[{{"Type":"volume",)"
        R"("Name":"data-{}","Source":"","Destination":"/data","Driver":"local","Mode":"","RW":true,"Propagation":""}}]}})",
        i == 0 ? "" : ",", id, i, i, id, 1700000000 + i, 1000 + i, i, id, id, i);
  }
  return text + "]\n";
}

// Processor time of this thread: a busy machine does not make decoding slower.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Decoding alone, without giving the values back.
template <typename Decode>
void measure(benchmark::State& state, const std::string& text, Decode decode) {
  for (auto _ : state) {
    const auto began = cpu_seconds();
    const auto listing = decode(text);
    state.SetIterationTime(cpu_seconds() - began);
    if (!listing || listing->items.size() != 1000) state.SkipWithError("wrong result");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void decode_1000_images(benchmark::State& state) {
  measure(state, image_listing(1000), [](const std::string& text) { return engine::decode_images(text); });
}
BENCHMARK(decode_1000_images)->Unit(benchmark::kMillisecond)->UseManualTime();

// As it comes from the engine at a refresh: in pieces, so that values are cut in two, and as many as the last time.
void decode_1000_images_in_pieces(benchmark::State& state) {
  measure(state, image_listing(1000), [](const std::string& text) {
    engine::image_list_decoder decoder(1000);
    for (std::size_t at = 0; at < text.size(); at += 4096) decoder.feed(std::string_view(text).substr(at, 4096));
    return decoder.finish();
  });
}
BENCHMARK(decode_1000_images_in_pieces)->Unit(benchmark::kMillisecond)->UseManualTime();

void decode_1000_containers(benchmark::State& state) {
  measure(state, container_listing(1000), [](const std::string& text) { return engine::decode_containers(text); });
}
BENCHMARK(decode_1000_containers)->Unit(benchmark::kMillisecond)->UseManualTime();

}  // namespace
}  // namespace docksweep

BENCHMARK_MAIN();
