// predict --host URL ID…: what docksweep says that removing these images frees, as JSON on one line, for the tests that
// then remove them from a real engine. Reads the engine afresh, so that no state of an agent stands between.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/view.hpp"
#include "engine/docker_engine.hpp"
#include "net/endpoint.hpp"

namespace {

using docksweep::app::task;
using docksweep::core::failure_code;
using docksweep::core::result;

class no_telemetry : public docksweep::app::telemetry {
 public:
  void engine_request(std::string_view /*endpoint*/, std::chrono::nanoseconds /*took*/, bool /*failed*/) override {}
  void engine_event(docksweep::core::event_kind /*kind*/) override {}
  void refresh(std::chrono::nanoseconds /*took*/) override {}
  void http_request(std::string_view /*handler*/, int /*code*/) override {}
};

task<result<docksweep::core::inventory>> read_node(docksweep::app::engine& source) {
  docksweep::core::inventory node;
  auto who = co_await source.identify();
  if (!who) co_return std::unexpected(who.error());
  node.engine = *who;
  auto images = co_await source.list_images({});
  if (!images) co_return std::unexpected(images.error());
  node.images = std::move(images->items);
  for (const auto& one : node.images) {
    auto details = co_await source.image_details(one.id);
    if (!details) co_return std::unexpected(details.error());
    node.details.push_back(std::make_shared<docksweep::core::image_details>(std::move(*details)));
  }
  auto containers = co_await source.list_containers({}, false);
  if (!containers) co_return std::unexpected(containers.error());
  node.containers = std::move(containers->items);
  auto disk = co_await source.disk_usage();
  if (!disk) co_return std::unexpected(disk.error());
  node.disk = std::move(*disk);
  co_return node;
}

result<std::string> predict(const docksweep::core::view& node, std::span<const std::string> ids) {
  std::vector<std::uint32_t> removed;
  const auto& images = node.what().images;
  for (const auto& id : ids) {
    for (std::uint32_t i = 0; i < images.size(); ++i) {
      if (images[i].id == id) removed.push_back(i);
    }
  }
  if (removed.size() != ids.size()) return docksweep::core::fail(failure_code::not_found, "an ID names no image");
  const auto freed = node.layers().freed_by(removed);
  std::string gone;
  for (const auto one : node.layers().gone_with(removed)) {
    gone += fmt::format("{}\"{}\"", gone.empty() ? "" : ",", images[one].id);
  }
  return fmt::format(R"({{"at_least":{},"at_most":{},"exact":{},"total_at_least":{},"total_at_most":{},"gone":[{}]}})",
                     freed.at_least, freed.at_most, node.layers().exact(), node.layers().total().at_least,
                     node.layers().total().at_most, gone);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2 || arguments[0] != "--host") {
    std::cerr << "usage: predict --host URL ID...\n";
    return 2;
  }
  const auto where = docksweep::net::parse_endpoint(arguments[1]);
  if (!where) {
    std::cerr << where.error().message << '\n';
    return 2;
  }
  boost::asio::io_context context(1);
  no_telemetry counts;
  const auto source = docksweep::engine::make_docker_engine(context.get_executor(), *where, {}, counts);
  int status = 1;
  boost::asio::co_spawn(context, read_node(*source),
                        [&](std::exception_ptr error, result<docksweep::core::inventory> node) {
                          if (error) std::rethrow_exception(error);
                          const auto ids = std::span(arguments).subspan(2);
                          const auto text = node ? predict(docksweep::core::view(std::move(*node)), ids)
                                                 : result<std::string>(std::unexpected(node.error()));
                          (text ? std::cout : std::cerr) << (text ? *text : text.error().message) << '\n';
                          status = text ? 0 : 1;
                        });
  context.run();
  return status;
}
