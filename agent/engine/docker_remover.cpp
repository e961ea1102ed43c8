// Each verb of the remover port as calls to the Docker Engine API. Nothing here ever says `force` or prunes images, and
// no container takes its volumes along.
#include <fmt/format.h>

#include <algorithm>

#include "core/held_images.hpp"
#include "engine/decode/removals.hpp"
#include "engine/decode/values.hpp"
#include "engine/docker_adapter.hpp"
#include "net/percent.hpp"

namespace docksweep::engine {

using app::task;
using core::failure_code;
using core::result;

namespace {

constexpr std::size_t container_limit_bytes = 1 << 20;  // an inspect has 3 to 4 KB; labels and mounts may be many
constexpr std::size_t answer_limit_bytes = 64 << 20;    // of a removal or prune, which is read as it arrives
constexpr api_version knows_image_mounts{1, 48};        // Docker 28
constexpr api_version says_reserved_space_for_cache{1, 48};

// An empty name would turn the path into another one.
result<void> named(std::string_view name, std::string_view what) {
  if (!name.empty()) return {};
  return core::fail(failure_code::invalid, fmt::format("an engine cannot be asked about {} without a name", what));
}

struct tag_parts {
  std::string repository, tag;
};

// "host:5000/team/app:1" → "host:5000/team/app" and "1"; without a tag it is "latest", as everywhere.
result<tag_parts> split_reference(const std::string& reference) {
  if (reference.find('@') != std::string::npos) {
    return core::fail(failure_code::invalid, fmt::format("{} is a digest, which no image can be given", reference));
  }
  const auto slash = reference.rfind('/');
  const auto colon = reference.rfind(':');
  // A colon before the last slash belongs to a registry's port.
  if (colon == std::string::npos || (slash != std::string::npos && colon < slash))
    return tag_parts{reference, "latest"};
  return tag_parts{reference.substr(0, colon), reference.substr(colon + 1)};
}

}  // namespace

api_call docker_adapter::change_call(net::verb what, std::string_view endpoint, std::string path) const {
  return {.what = what,
          .endpoint = endpoint,
          .path = std::move(path),
          .query = {},
          .timeout = options_.removal_timeout,
          .body_limit_bytes = answer_limit_bytes};
}

task<result<app::image_removal>> docker_adapter::remove_image(std::string name) {
  if (const auto fine = named(name, "an image"); !fine) co_return std::unexpected(fine.error());
  // Without noprune: untagged ancestors go along.
  auto call = change_call(net::verb::remove, "image_remove", "/images/" + net::encode_path(name));
  const auto what = "DELETE " + call.path;
  image_removal_decoder decoder;
  net::body_sink sink = [&decoder](std::string_view piece) { decoder.feed(piece); };
  const auto answer = co_await session_.send(std::move(call), std::move(sink));
  if (!answer) co_return std::unexpected(answer.error());
  co_return from(what, decoder.finish());
}

task<result<void>> docker_adapter::remove_container(std::string id) {
  if (const auto fine = named(id, "a container"); !fine) co_return std::unexpected(fine.error());
  auto call = change_call(net::verb::remove, "container_remove", "/containers/" + net::encode_path(id));
  const auto answer = co_await session_.send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  co_return result<void>{};
}

task<result<core::byte_count>> docker_adapter::prune_build_cache(core::byte_count keep_bytes) {
  const auto known = co_await identified();
  if (!known) co_return std::unexpected(known.error());
  auto call = change_call(net::verb::post, "build_prune", "/build/prune");
  const bool new_name = session_.speaks() >= says_reserved_space_for_cache;
  call.query = {{new_name ? "reserved-space" : "keep-storage", std::to_string(std::max<std::int64_t>(keep_bytes, 0))}};
  build_prune_decoder decoder;
  net::body_sink sink = [&decoder](std::string_view piece) { decoder.feed(piece); };
  const auto answer = co_await session_.send(std::move(call), std::move(sink));
  if (!answer && answer.error().code == failure_code::not_found) {  // Podman: a plain "Not Found"
    co_return core::fail(failure_code::refused, "this engine has no build cache that it could be asked to prune",
                         answer.error().http_status);
  }
  if (!answer) co_return std::unexpected(answer.error());
  co_return from("POST /build/prune", decoder.finish());
}

// Podman (4.3) takes the name of a volume that is gone for the beginning of another one's: it must be asked which one
// it means.
task<result<void>> docker_adapter::check_volume_name(std::string name) {
  const auto path = "/volumes/" + net::encode_path(name);
  const auto answer = co_await session_.send(object_call("volumes_remove", path));
  if (!answer) co_return std::unexpected(answer.error());
  const auto meant = from("GET " + path, decode_volume_name(answer->body));
  if (!meant) co_return std::unexpected(meant.error());
  if (*meant == name) co_return result<void>{};
  co_return core::fail(failure_code::not_found,
                       fmt::format("there is no volume {}: the engine takes it for {}", name, *meant), 404);
}

task<result<void>> docker_adapter::remove_volume(std::string name) {
  if (const auto fine = named(name, "a volume"); !fine) co_return std::unexpected(fine.error());
  const auto known = co_await identified();
  if (!known) co_return std::unexpected(known.error());
  if (session_.podman()) {
    const auto there = co_await check_volume_name(name);
    if (!there) co_return std::unexpected(there.error());
  }
  auto call = change_call(net::verb::remove, "volumes_remove", "/volumes/" + net::encode_path(name));
  const auto answer = co_await session_.send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  co_return result<void>{};
}

task<result<void>> docker_adapter::tag_image(std::string id, std::string reference) {
  if (const auto fine = named(id, "an image"); !fine) co_return std::unexpected(fine.error());
  const auto parts = split_reference(reference);
  if (!parts) co_return std::unexpected(parts.error());
  auto call = object_call("image_tag", fmt::format("/images/{}/tag", net::encode_path(id)));
  call.what = net::verb::post;
  call.query = {{"repo", parts->repository}, {"tag", parts->tag}};
  const auto answer = co_await session_.send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  co_return result<void>{};
}

task<result<std::optional<core::container_details>>> docker_adapter::container_details(std::string id) {
  if (const auto fine = named(id, "a container"); !fine) co_return std::unexpected(fine.error());
  auto call = object_call("container_inspect", fmt::format("/containers/{}/json", net::encode_path(id)));
  const auto what = "GET " + call.path;
  call.query = {{"size", "1"}};
  call.body_limit_bytes = container_limit_bytes;
  const auto answer = co_await session_.send(std::move(call));
  if (!answer && answer.error().code == failure_code::not_found) co_return std::optional<core::container_details>();
  if (!answer) co_return std::unexpected(answer.error());
  auto details = from(what, decode_container_inspect(answer->body));
  if (!details) co_return std::unexpected(std::move(details.error()));
  co_return std::optional(std::move(*details));
}

// Whether the engine's own filter finds every container that holds an image. It is silent about image mounts; Podman's
// finds nothing by "sha256:…"; and where Docker cannot look the image up it finds nothing either, without a word (moby
// daemon/list.go): on the containerd store that takes manifests and configurations which may not all be there. On
// graphdriver (checked on 20.10 and 26.1) it finds containers in every state, also when their image has lost its tag.
// Elsewhere all containers are listed, which costs a containerd store 2 ms for each.
bool docker_adapter::ancestor_filter_tells() const {
  return !session_.podman() && store_ == core::image_store::graphdriver && session_.speaks() < knows_image_mounts;
}

task<result<core::listing<core::container>>> docker_adapter::holders_of_image(std::string id) {
  if (const auto fine = named(id, "an image"); !fine) co_return std::unexpected(fine.error());
  const auto known = co_await identified();
  if (!known) co_return std::unexpected(known.error());
  app::engine_filters filters;
  if (ancestor_filter_tells()) filters.emplace_back("ancestor", id);
  auto listing = co_await list_containers(std::move(filters), false);
  if (!listing) co_return listing;
  core::image one{.id = id, .tags = {id}};  // until its names are known: none at all would hold it in doubt
  const auto has_mounts = [](const core::container& each) { return !each.image_mounts.empty(); };
  if (std::ranges::any_of(listing->items, has_mounts)) {
    // Mounts say what was asked for: a name, most of the time.
    auto found = co_await inspect(id);
    if (!found && found.error().code != failure_code::not_found) co_return std::unexpected(std::move(found.error()));
    if (found) one = std::move(found->image);
  }
  // The filter also finds the containers of images that were built on this one. A container that does not say what it
  // was made of may have been made of this one.
  std::vector<bool> stays(listing->items.size());
  for (const auto holder : core::held_images(listing->items).holders(one)) stays[holder] = true;
  std::vector<core::container> holders;
  for (std::size_t i = 0; i < stays.size(); ++i) {
    auto& each = listing->items[i];
    if (stays[i] || each.image_id.empty()) holders.push_back(std::move(each));
  }
  listing->items = std::move(holders);
  co_return listing;
}

task<result<core::listing<core::container>>> docker_adapter::holders_of_volume(std::string name) {
  if (const auto fine = named(name, "a volume"); !fine) co_return std::unexpected(fine.error());
  app::engine_filters filters{{"volume", name}};
  auto listing = co_await list_containers(std::move(filters), false);
  co_return listing;
}

}  // namespace docksweep::engine
