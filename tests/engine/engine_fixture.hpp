// A scripted engine that gives a recorded engine's answers, and the engine port that talks to it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "engine/counting_telemetry.hpp"
#include "engine/docker_engine.hpp"
#include "support/fixture.hpp"
#include "support/run_task.hpp"
#include "support/scripted_engine.hpp"

namespace docksweep::test {

class engine_test : public testing::Test {
 protected:
  // Answers of this recorded engine at this API version.
  void record(const std::string& folder, const std::string& api_version, bool podman = false) {
    server.set_api_version(api_version);
    if (podman) server.set_headers("Libpod-Api-Version: 5.8.6\r\n");
    for (const auto& [path, file] :
         std::initializer_list<std::pair<const char*, const char*>>{{"/version", "version.json"},
                                                                    {"/info", "info.json"},
                                                                    {"/images/json", "images.json"},
                                                                    {"/containers/json", "containers.json"},
                                                                    {"/system/df", "df.json"}}) {
      server.answer(path, fixture(folder + "/" + file));
    }
  }

  app::container_engine& port() {
    if (!port_) port_ = engine::make_docker_engine(context.get_executor(), server.where(), options, counts);
    return *port_;
  }

  template <typename T>
  T run(app::task<T> task) {
    return run_task(context, std::move(task));
  }

  scripted_engine server;
  boost::asio::io_context context;
  counting_telemetry counts;
  engine::docker_engine_options options;

 private:
  std::unique_ptr<app::container_engine> port_;
};

}  // namespace docksweep::test
