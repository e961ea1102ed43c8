// The engine port over the Docker Engine API: Docker 20.10 and later, and Podman's compatible API.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "app/remover.hpp"
#include "app/telemetry.hpp"
#include "net/endpoint.hpp"
#include "net/trace.hpp"

namespace docksweep::engine {

struct docker_engine_options {
  std::chrono::milliseconds timeout = std::chrono::seconds(30);             // of each call
  std::chrono::milliseconds health_timeout = std::chrono::seconds(5);       // of check_answers and check_lists
  std::chrono::milliseconds disk_usage_timeout = std::chrono::minutes(10);  // df walks every file
  // Of each removal and of a prune of the build cache: a layer of many files takes minutes, and nothing is won by
  // leaving an engine to it unwatched.
  std::chrono::milliseconds removal_timeout = std::chrono::minutes(10);
  // Of a pull, a save or a load: the longest time in which nothing comes or goes.
  std::chrono::milliseconds transfer_silence = std::chrono::minutes(10);
  // Before the first byte of a save, and before the answer to a load that was sent whole: engines write all of it to a
  // temporary folder first.
  std::chrono::milliseconds archive_timeout = std::chrono::minutes(30);
  // The value of X-Registry-Auth for a repository: ("docker.io", "library/alpine"), ("host:5000", "team/app"). What it
  // returns empty is asked for anonymously, as is everything without it; its failure is the call's.
  std::function<app::task<core::result<std::string>>(std::string host, std::string path)> registry_auth;
  net::trace_sink trace;  // empty: no trace
};

// Nothing is connected before the first call. `counts` must outlive it; use it from the executor's thread.
std::unique_ptr<app::container_engine> make_docker_engine(boost::asio::any_io_executor executor, net::endpoint where,
                                                          docker_engine_options options, app::telemetry& counts);

}  // namespace docksweep::engine
