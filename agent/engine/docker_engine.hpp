// The engine port over the Docker Engine API: Docker 20.10 and later, and Podman's compatible API.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>

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
  net::trace_sink trace;  // empty: no trace
};

// Nothing is connected before the first call. `counts` must outlive it; use it from the executor's thread.
std::unique_ptr<app::container_engine> make_docker_engine(boost::asio::any_io_executor executor, net::endpoint where,
                                                          docker_engine_options options, app::telemetry& counts);

}  // namespace docksweep::engine
