// transfer --host URL [--auth VALUE] save ID FILE | load FILE | has REPOSITORY DIGEST | pull REPOSITORY VERSION
// The transfer port against a real engine, for what no command does by itself.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "engine/docker_engine.hpp"

namespace {

using docksweep::app::task;
using docksweep::core::result;

class no_telemetry final : public docksweep::app::telemetry {
 public:
  void engine_request(std::string_view, std::chrono::nanoseconds, bool) override {}
  void engine_event(docksweep::core::event_kind) override {}
  void refresh(std::chrono::nanoseconds) override {}
  void http_request(std::string_view, int) override {}
};

task<result<std::string>> save(docksweep::app::image_transfer& engine, std::string id, std::string file) {
  std::ofstream out(file, std::ios::binary);
  auto saving = engine.save_image(id, [&out](std::string_view piece) -> task<result<void>> {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    co_return result<void>();
  });
  const auto bytes = co_await std::move(saving);
  if (!bytes) co_return std::unexpected(bytes.error());
  co_return std::to_string(*bytes);
}

task<result<std::string>> load(docksweep::app::image_transfer& engine, std::string file) {
  std::ifstream in(file, std::ios::binary);
  std::string piece;
  auto loading = engine.load_images([&]() -> task<result<std::string_view>> {
    piece.resize(64 << 10);
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in.gcount()));
    co_return std::string_view(piece);
  });
  const auto names = co_await std::move(loading);
  if (!names) co_return std::unexpected(names.error());
  co_return fmt::format("{}", fmt::join(*names, "\n"));
}

task<result<std::string>> has(docksweep::app::image_transfer& engine, std::string repository, std::string digest) {
  auto asking = engine.registry_has(std::move(repository), std::move(digest));
  const auto answer = co_await std::move(asking);
  if (!answer) co_return std::unexpected(answer.error());
  co_return *answer ? "yes" : "no";
}

task<result<std::string>> pull(docksweep::app::image_transfer& engine, std::string repository, std::string version) {
  auto pulling = engine.pull_image({std::move(repository), std::move(version), ""}, {});
  const auto answer = co_await std::move(pulling);
  if (!answer) co_return std::unexpected(answer.error());
  co_return answer->digest;
}

task<result<std::string>> wrong_usage() {
  co_return docksweep::core::fail(docksweep::core::failure_code::invalid, "wrong usage");
}

task<result<std::string>> chosen(docksweep::app::image_transfer& engine, std::vector<std::string> words) {
  if (words.size() == 3 && words[0] == "save") return save(engine, words[1], words[2]);
  if (words.size() == 2 && words[0] == "load") return load(engine, words[1]);
  if (words.size() == 3 && words[0] == "has") return has(engine, words[1], words[2]);
  if (words.size() == 3 && words[0] == "pull") return pull(engine, words[1], words[2]);
  return wrong_usage();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3 || words[0] != "--host") {
    std::cerr << "usage: transfer --host URL [--auth VALUE] save ID FILE | load FILE | has REPOSITORY DIGEST\n";
    return 2;
  }
  const auto where = docksweep::net::parse_endpoint(words[1]);
  if (!where) {
    std::cerr << where.error().message << '\n';
    return 2;
  }
  docksweep::engine::docker_engine_options options;
  words.erase(words.begin(), words.begin() + 2);
  if (words[0] == "--auth") {
    options.registry_auth = [auth = words.at(1)](std::string, std::string) -> task<result<std::string>> {
      co_return auth;
    };
    words.erase(words.begin(), words.begin() + 2);
  }
  boost::asio::io_context context(1);
  no_telemetry counts;
  const auto engine = docksweep::engine::make_docker_engine(context.get_executor(), *where, options, counts);
  int status = 1;
  boost::asio::co_spawn(context, chosen(*engine, words), [&](std::exception_ptr error, result<std::string> text) {
    if (error) std::rethrow_exception(error);
    (text ? std::cout : std::cerr) << (text ? *text : text.error().message) << '\n';
    status = text ? 0 : 1;
  });
  context.run();
  return status;
}
