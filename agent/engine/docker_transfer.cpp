// Each verb of the transfer port as calls to the Docker Engine API.
#include <fmt/format.h>

#include "core/pattern.hpp"
#include "engine/decode/distribution.hpp"
#include "engine/decode/progress.hpp"
#include "engine/decode/tar_end.hpp"
#include "engine/docker_adapter.hpp"
#include "net/percent.hpp"

namespace docksweep::engine {

using app::task;
using core::failure_code;
using core::result;

namespace {

constexpr std::string_view auth_header = "X-Registry-Auth";

// No engine is known to repeat a credential; if one does, it does not get into a log.
core::failure without(const std::string& secret, core::failure why) {
  if (secret.empty()) return why;
  for (auto at = why.message.find(secret); at != std::string::npos; at = why.message.find(secret, at)) {
    why.message.replace(at, secret.size(), "***");
  }
  return why;
}

core::failure said(std::string_view what, core::failure why) {
  if (why.code == failure_code::cancelled) return why;
  why.message = fmt::format("{}: {}", what, why.message);
  return why;
}

// A digest is said with '@', a tag with ':'.
std::string spelled(const app::pull_request& what) {
  const bool digest = what.version.find(':') != std::string::npos;
  return fmt::format("{}{}{}", what.repository, digest ? "@" : ":", what.version);
}

// The registry knows the repository, or no such repository, and has no manifest of this digest: all else is doubt.
bool has_no_such_manifest(const core::failure& why) {
  return why.http_status != 0 && (why.message.find("manifest unknown") != std::string::npos ||
                                  why.message.find("name unknown") != std::string::npos);
}

}  // namespace

task<result<std::string>> docker_adapter::registry_auth(std::string repository) {
  if (!options_.registry_auth) co_return std::string();
  const auto slash = repository.find('/');
  auto asking = options_.registry_auth(repository.substr(0, slash), repository.substr(slash + 1));
  auto header = co_await std::move(asking);
  co_return header;
}

task<result<app::pulled_image>> docker_adapter::pull_image(app::pull_request what, app::progress_sink progress) {
  if (what.repository.find('/') == std::string::npos || what.version.empty()) {
    co_return core::fail(failure_code::invalid,
                         fmt::format("a pull needs a registry, a repository and a tag or digest, and got '{}': without "
                                     "a tag an engine would pull every one",
                                     spelled(what)));
  }
  const auto header = co_await registry_auth(what.repository);
  if (!header) co_return std::unexpected(header.error());
  api_call call{.what = net::verb::post,
                .endpoint = "image_pull",
                .path = "/images/create",
                .query = {{"fromImage", what.repository}, {"tag", what.version}},
                .timeout = options_.transfer_silence,
                .silence = options_.transfer_silence};
  if (!what.platform.empty()) call.query.emplace_back("platform", what.platform);
  if (!header->empty()) call.headers.emplace_back(auth_header, *header);
  pull_decoder decoder(std::move(progress));
  result<app::pulled_image> pulled;
  net::body_consumer consume = [&decoder](std::string_view piece) -> task<result<void>> {
    co_return decoder.feed(piece);
  };
  std::function<result<void>()> judge = [&]() -> result<void> {
    pulled = decoder.finish(session_.podman());
    if (!pulled) return std::unexpected(pulled.error());
    return {};
  };
  const auto answer = co_await session_.transfer(std::move(call), std::move(consume), std::move(judge));
  if (answer) co_return pulled;
  auto why = answer.error();
  if (why.http_status != 0) why.code = pull_failure_code(why.message, why.code);
  co_return std::unexpected(without(*header, said(fmt::format("{} was not pulled", spelled(what)), std::move(why))));
}

// The whole answer; nullopt: the registry has no such manifest.
task<result<std::optional<std::string>>> docker_adapter::ask_distribution(std::string repository, std::string version) {
  if (repository.empty() || version.empty()) {
    co_return core::fail(failure_code::invalid, "a registry can be asked about a repository and a tag or digest only");
  }
  const auto known = co_await identified();
  if (!known) co_return std::unexpected(known.error());
  if (session_.podman()) {
    co_return core::fail(failure_code::refused, "Podman cannot be asked what a registry has");
  }
  const app::pull_request asked{core::canonical_reference(repository), std::move(version), {}};
  const auto header = co_await registry_auth(asked.repository);
  if (!header) co_return std::unexpected(header.error());
  auto call = object_call("distribution", fmt::format("/distribution/{}/json", net::encode_path(spelled(asked))));
  if (!header->empty()) call.headers.emplace_back(auth_header, *header);
  auto answer = co_await session_.send(std::move(call));
  if (answer) co_return std::optional(std::move(answer->body));
  if (has_no_such_manifest(answer.error())) co_return std::optional<std::string>();
  auto why = answer.error();
  why.code = pull_failure_code(why.message, why.code);
  // "Not found" without the registry's own words may be a proxy's, and must not be taken for an answer.
  if (why.code == failure_code::not_found) why.code = failure_code::engine_error;
  co_return std::unexpected(
      without(*header, said(fmt::format("whether a registry has {} is not known", spelled(asked)), why)));
}

task<result<bool>> docker_adapter::registry_has(std::string repository, std::string digest) {
  const auto answer = co_await ask_distribution(std::move(repository), std::move(digest));
  if (!answer) co_return std::unexpected(answer.error());
  co_return answer->has_value();
}

task<result<std::optional<std::string>>> docker_adapter::registry_digest(std::string repository, std::string tag) {
  const auto answer = co_await ask_distribution(std::move(repository), std::move(tag));
  if (!answer) co_return std::unexpected(answer.error());
  if (!*answer) co_return std::optional<std::string>();
  auto digest = decode_distribution(**answer);
  if (!digest) co_return std::unexpected(std::move(digest.error()));
  co_return std::optional(std::move(*digest));
}

task<result<core::byte_count>> docker_adapter::save_image(std::string id, app::piece_consumer consume) {
  if (id.empty()) co_return core::fail(failure_code::invalid, "an engine cannot save an image without a name");
  api_call call{.endpoint = "image_save",
                .path = fmt::format("/images/{}/get", net::encode_path(id)),
                .query = {},
                .timeout = options_.archive_timeout,
                .silence = options_.transfer_silence};
  tar_end end;
  net::body_consumer checked = [&](std::string_view piece) -> task<result<void>> {
    end.feed(piece);
    auto consuming = consume(piece);
    auto consumed = co_await std::move(consuming);
    co_return consumed;
  };
  std::function<result<void>()> judge = [&end] { return end.finish(); };
  const auto answer = co_await session_.transfer(std::move(call), std::move(checked), std::move(judge));
  if (!answer) {
    auto why = answer.error();
    // Docker 20.10 says with a 500 that it cannot open the file that an image would have.
    const bool no_file = why.message.find("failed to get digest") != std::string::npos;
    if (why.http_status == 500 && no_file) why.code = failure_code::not_found;
    co_return std::unexpected(said(fmt::format("{} was not saved", id), std::move(why)));
  }
  co_return static_cast<core::byte_count>(end.bytes());
}

task<result<std::vector<std::string>>> docker_adapter::load_images(app::piece_source source) {
  api_call call{.what = net::verb::post,
                .endpoint = "image_load",
                .path = "/images/load",
                .query = {{"quiet", "1"}},
                .timeout = options_.archive_timeout,
                .headers = {{"Content-Type", "application/x-tar"}},
                .source = std::move(source),
                .silence = options_.transfer_silence};
  load_decoder decoder;
  result<std::vector<std::string>> loaded;
  net::body_consumer consume = [&decoder](std::string_view piece) -> task<result<void>> {
    co_return decoder.feed(piece);
  };
  std::function<result<void>()> judge = [&]() -> result<void> {
    loaded = decoder.finish();
    if (!loaded) return std::unexpected(loaded.error());
    return {};
  };
  const auto answer = co_await session_.transfer(std::move(call), std::move(consume), std::move(judge));
  if (!answer) co_return std::unexpected(said("the archive was not loaded", answer.error()));
  co_return loaded;
}

}  // namespace docksweep::engine
