// Each verb of the engine port as calls to the Docker Engine API: those that read.
#include "engine/docker_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/layers.hpp"
#include "engine/decode/containers.hpp"
#include "engine/decode/disk_usage.hpp"
#include "engine/decode/events.hpp"
#include "engine/decode/identity.hpp"
#include "engine/docker_adapter.hpp"
#include "engine/filters.hpp"
#include "net/percent.hpp"

namespace docksweep::engine {

namespace asio = boost::asio;
using app::task;
using core::failure_code;
using core::result;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t object_limit_bytes = 8 << 20;  // one inspect, one /info
constexpr int listing_attempts = 5;
constexpr milliseconds listing_again(100);           // times the number of the attempt
constexpr milliseconds busy_pause(2000);             // before asking an engine again that answers one df at a time

}  // namespace

api_call docker_adapter::object_call(std::string_view endpoint, std::string path) const {
  return {.endpoint = endpoint,
          .path = std::move(path),
          .query = {},
          .timeout = options_.timeout,
          .body_limit_bytes = object_limit_bytes};
}

task<result<void>> docker_adapter::identified() {
  if (store_) co_return result<void>{};
  const auto who = co_await identify();
  if (!who) co_return std::unexpected(who.error());
  co_return result<void>{};
}

task<result<core::engine_identity>> docker_adapter::identify() {
  const auto pinged = co_await session_.ping();
  if (!pinged) co_return std::unexpected(pinged.error());
  const auto version_answer = co_await session_.send(object_call("version", "/version"));
  if (!version_answer) co_return std::unexpected(version_answer.error());
  const auto version = from("GET /version", decode_version(version_answer->body));
  if (!version) co_return std::unexpected(version.error());
  const auto info_answer = co_await session_.send(object_call("info", "/info"));
  if (!info_answer) co_return std::unexpected(info_answer.error());
  const auto info = from("GET /info", decode_info(info_answer->body));
  if (!info) co_return std::unexpected(info.error());
  store_ = info->store;
  core::engine_identity identity;
  // Podman makes up a new ID for every answer: what stays the same there is the machine and where it keeps its images.
  identity.id = pinged->podman ? fmt::format("podman:{}:{}", info->host_name, info->root_dir) : info->id;
  identity.engine = pinged->podman ? "podman" : "docker";
  identity.version = version->version;
  identity.api_version = to_string(session_.speaks().value_or(pinged->newest));
  identity.storage_driver = info->storage_driver;
  identity.store = info->store;
  identity.root_dir = info->root_dir;
  co_return identity;
}

task<result<void>> docker_adapter::check_answers() {
  auto call = object_call("version", "/version");
  call.timeout = options_.health_timeout;
  const auto answer = co_await session_.send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  const auto version = from("GET /version", decode_version(answer->body));
  if (!version) co_return std::unexpected(version.error());
  co_return result<void>{};
}

task<result<void>> docker_adapter::check_lists() {
  auto call = object_call("containers_list", "/containers/json");
  call.query = {{"all", "1"}, {"limit", "1"}};
  call.timeout = options_.health_timeout;
  const auto answer = co_await session_.send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  const auto listing = from("GET /containers/json", decode_containers(answer->body));
  if (!listing) co_return std::unexpected(listing.error());
  co_return result<void>{};
}

task<result<core::listing<core::image>>> docker_adapter::list_images(app::engine_filters filters) {
  api_call call{.endpoint = "images_list", .path = "/images/json", .query = {}, .timeout = options_.timeout};
  const bool whole = filters.empty();
  if (whole) {
    call.query = {{"all", "1"}};
  } else {
    call.query = {{"filters", encode_filters(filters)}};
  }
  for (int attempt = 1;; ++attempt) {
    image_list_decoder decoder(whole ? images_listed_ : 0);
    net::body_sink sink = [&decoder](std::string_view piece) { decoder.feed(piece); };
    const auto answer = co_await session_.send(call, std::move(sink));
    if (answer) {
      auto listing = decoder.finish();
      if (listing && whole) images_listed_ = listing->items.size();
      co_return from("GET /images/json", std::move(listing));
    }
    auto why = answer.error();
    if (why.code != failure_code::not_found) co_return std::unexpected(std::move(why));
    // A listing is never gone: the containerd store (26.1) says so when an image goes while it lists them.
    why.code = failure_code::engine_error;
    if (attempt == listing_attempts) co_return std::unexpected(std::move(why));
    co_await sleep(attempt * listing_again);
  }
}

task<result<inspected_image>> docker_adapter::inspect(std::string name) {
  const auto path = "/images/" + net::encode_path(name) + "/json";
  const auto answer = co_await session_.send(object_call("image_inspect", path));
  if (!answer) co_return std::unexpected(answer.error());
  co_return from("GET " + path, decode_image_inspect(answer->body));
}

task<result<std::optional<core::image>>> docker_adapter::find_image(std::string name) {
  const auto known = co_await identified();
  if (!known) co_return std::unexpected(known.error());
  auto found = co_await inspect(name);
  if (!found && found.error().code == failure_code::not_found) co_return std::optional<core::image>();
  if (!found) co_return std::unexpected(std::move(found.error()));
  auto& image = found->image;
  if (store_ == core::image_store::containerd) image.size = co_await listed_size(image);
  co_return std::optional<core::image>(std::move(image));
}

// On the containerd store inspect gives the blobs alone, while listings add the unpacked snapshots. A listing of one
// reference costs that store milliseconds, a whole one seconds.
task<std::optional<core::byte_count>> docker_adapter::listed_size(core::image image) {
  if (image.tags.empty()) co_return std::nullopt;
  app::engine_filters one_reference{{"reference", image.tags.front()}};
  const auto listing = co_await list_images(std::move(one_reference));
  if (!listing) co_return std::nullopt;
  const auto same = std::find_if(listing->items.begin(), listing->items.end(),
                                 [&](const core::image& each) { return each.id == image.id; });
  if (same == listing->items.end()) co_return std::nullopt;
  co_return same->size;
}

task<result<core::image_details>> docker_adapter::image_details(std::string id) {
  auto inspected = co_await inspect(id);
  if (!inspected) co_return std::unexpected(std::move(inspected.error()));
  const auto path = "/images/" + net::encode_path(id) + "/history";
  auto answer = co_await session_.send(object_call("image_history", path));
  if (!answer && answer.error().code == failure_code::not_found) {
    // Gone since the inspect; or (containerd store: another platform's image, or one of 26.1.5 that was loaded together
    // with one removed since) still there without unpacked snapshots: then its layers are known, and their sizes are
    // not.
    const auto again = co_await inspect(id);
    if (!again) co_return std::unexpected(again.error());
    inspected->details.chain_ids = core::chain_ids(inspected->details.diff_ids);
    co_return std::move(inspected->details);
  }
  if (!answer) co_return std::unexpected(answer.error());
  auto history = from("GET " + path, decode_image_history(answer->body));
  if (!history) co_return std::unexpected(std::move(history.error()));
  auto& details = inspected->details;
  details.has_history = history->any;
  details.history_sizes = std::move(history->sizes);
  details.chain_ids = core::chain_ids(details.diff_ids);
  co_return std::move(details);
}

task<result<core::listing<core::container>>> docker_adapter::list_containers(app::engine_filters filters,
                                                                             bool with_sizes) {
  api_call call{.endpoint = "containers_list",
                .path = "/containers/json",
                .query = {{"all", "1"}},
                .timeout = with_sizes ? options_.disk_usage_timeout : options_.timeout};
  if (with_sizes) call.query.emplace_back("size", "1");
  if (!filters.empty()) call.query.emplace_back("filters", encode_filters(filters));
  container_list_decoder decoder;
  net::body_sink sink = [&decoder](std::string_view piece) { decoder.feed(piece); };
  const auto answer = co_await session_.send(std::move(call), std::move(sink));
  if (!answer) co_return std::unexpected(answer.error());
  co_return from("GET /containers/json", decoder.finish());
}

task<result<std::optional<core::container>>> docker_adapter::find_container(std::string id) {
  app::engine_filters one_id{{"id", id}};
  auto listing = co_await list_containers(std::move(one_id), false);
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  // The engine matches the beginning of an ID; only the whole one is meant here.
  const auto same = std::find_if(listing->items.begin(), listing->items.end(),
                                 [&](const core::container& each) { return each.id == id; });
  if (same != listing->items.end()) co_return std::optional(std::move(*same));
  if (listing->unreadable > 0) {
    co_return core::fail(failure_code::malformed,
                         fmt::format("the engine lists a container without a readable ID where {} was asked for", id));
  }
  co_return std::optional<core::container>();
}

task<void> docker_adapter::sleep(milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

task<result<core::disk_usage>> docker_adapter::disk_usage() {
  const auto until = clock::now() + options_.disk_usage_timeout;
  while (disk_usage_runs_) {
    if (clock::now() >= until) {
      co_return core::fail(failure_code::timeout,
                           "the engine is still busy with an earlier question for its disk usage");
    }
    co_await sleep(milliseconds(100));
  }
  disk_usage_runs_ = true;
  const std::shared_ptr<void> release(nullptr, [this](void*) { disk_usage_runs_ = false; });
  // Without `verbose`, 1.52 and later send everything twice.
  api_call call{.endpoint = "system_df", .path = "/system/df", .query = {}, .timeout = options_.disk_usage_timeout};
  if (session_.speaks() >= api_version{1, 52}) call.query = {{"verbose", "1"}};
  while (true) {
    disk_usage_decoder decoder;
    net::body_sink sink = [&decoder](std::string_view piece) { decoder.feed(piece); };
    call.timeout = std::chrono::duration_cast<milliseconds>(until - clock::now());
    const auto answer = co_await session_.send(call, std::move(sink));
    if (answer) co_return from("GET /system/df", decoder.finish(std::chrono::system_clock::now()));
    // Docker 20.10 answers one such question at a time, to anybody: somebody else's `docker system df` is waited for.
    const bool busy = answer.error().message.find("disk usage operation is already running") != std::string::npos;
    if (!busy || clock::now() + busy_pause >= until) co_return std::unexpected(answer.error());
    co_await sleep(busy_pause);
  }
}

task<core::failure> docker_adapter::follow_events(std::function<void()> on_open,
                                                  std::function<void(const core::engine_event&)> on_event) {
  const auto pinged = co_await session_.ping();
  if (!pinged) co_return pinged.error();
  // The engine answers before it subscribes (moby api/server/router/system): `since` brings what happens in between,
  // and at most a second of what happened before.
  const auto since = pinged->now.value_or(std::chrono::system_clock::now());
  auto call = object_call("events", "/events");
  call.query = {{"since", std::to_string(std::chrono::floor<std::chrono::seconds>(since).time_since_epoch().count())}};
  event_decoder decoder(std::move(on_event));
  net::body_sink on_data = [&decoder](std::string_view piece) { decoder.feed(piece); };
  const auto ended = co_await session_.follow(std::move(call), std::move(on_open), std::move(on_data));
  co_return ended;
}

std::unique_ptr<app::container_engine> make_docker_engine(asio::any_io_executor executor, net::endpoint where,
                                                          docker_engine_options options, app::telemetry& counts) {
  return std::make_unique<docker_adapter>(std::move(executor), std::move(where), std::move(options), counts);
}

}  // namespace docksweep::engine
