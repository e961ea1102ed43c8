// The Docker Engine API as app::container_engine; its verbs are in docker_engine.cpp (those that read),
// docker_remover.cpp (those that change, and what is asked just before) and docker_transfer.cpp (images as a whole).
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "app/remover.hpp"
#include "engine/decode/images.hpp"
#include "engine/docker_engine.hpp"
#include "engine/session.hpp"

namespace docksweep::engine {

class docker_adapter final : public app::container_engine {
 public:
  docker_adapter(boost::asio::any_io_executor executor, net::endpoint where, docker_engine_options options,
                 app::telemetry& counts)
      : options_(std::move(options)),
        session_(std::move(executor), std::move(where), options_.trace, options_.timeout, counts) {}

  app::task<core::result<core::engine_identity>> identify() override;
  app::task<core::result<void>> check_answers() override;
  app::task<core::result<void>> check_lists() override;
  app::task<core::result<core::listing<core::image>>> list_images(app::engine_filters filters) override;
  app::task<core::result<std::optional<core::image>>> find_image(std::string name) override;
  app::task<core::result<core::image_details>> image_details(std::string id) override;
  app::task<core::result<core::listing<core::container>>> list_containers(app::engine_filters filters,
                                                                          bool with_sizes) override;
  app::task<core::result<std::optional<core::container>>> find_container(std::string id) override;
  app::task<core::result<core::disk_usage>> disk_usage() override;
  app::task<core::failure> follow_events(std::function<void()> on_open,
                                         std::function<void(const core::engine_event&)> on_event) override;

  app::task<core::result<app::image_removal>> remove_image(std::string name) override;
  app::task<core::result<void>> remove_container(std::string id) override;
  app::task<core::result<core::byte_count>> prune_build_cache(core::byte_count keep_bytes) override;
  app::task<core::result<void>> remove_volume(std::string name) override;
  app::task<core::result<void>> tag_image(std::string id, std::string reference) override;
  app::task<core::result<std::optional<core::container_details>>> container_details(std::string id) override;
  app::task<core::result<core::listing<core::container>>> holders_of_image(std::string id) override;
  app::task<core::result<core::listing<core::container>>> holders_of_volume(std::string name) override;

  app::task<core::result<app::pulled_image>> pull_image(app::pull_request what, app::progress_sink progress) override;
  app::task<core::result<bool>> registry_has(std::string repository, std::string digest) override;
  app::task<core::result<std::optional<std::string>>> registry_digest(std::string repository, std::string tag) override;
  app::task<core::result<core::byte_count>> save_image(std::string id, app::piece_consumer consume) override;
  app::task<core::result<std::vector<std::string>>> load_images(app::piece_source source) override;

 private:
  app::task<core::result<std::string>> registry_auth(std::string repository);
  app::task<core::result<std::optional<std::string>>> ask_distribution(std::string repository, std::string version);
  api_call object_call(std::string_view endpoint, std::string path) const;
  api_call change_call(net::verb what, std::string_view endpoint, std::string path) const;
  app::task<core::result<void>> identified();  // identifies where that has not happened
  app::task<core::result<inspected_image>> inspect(std::string name);
  app::task<std::optional<core::byte_count>> listed_size(core::image image);
  app::task<core::result<void>> check_volume_name(std::string name);
  bool ancestor_filter_tells() const;
  app::task<void> sleep(std::chrono::milliseconds time);

  docker_engine_options options_;
  session session_;
  std::optional<core::image_store> store_;  // since the last identify()
  std::size_t images_listed_ = 0;           // by the last whole listing: about as many come the next time
  bool disk_usage_runs_ = false;
};

// A failed decode, with the call that brought it ("GET /version").
template <typename T>
core::result<T> from(std::string_view call, core::result<T> decoded) {
  if (!decoded) decoded.error().message = fmt::format("{}: {}", call, decoded.error().message);
  return decoded;
}

}  // namespace docksweep::engine
