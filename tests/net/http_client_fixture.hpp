// A client of a scripted engine.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "net/http_client.hpp"
#include "support/run_task.hpp"
#include "support/scripted_engine.hpp"

namespace docksweep::test {

class http_client_test : public testing::Test {
 protected:
  net::http_client& client() {
    if (!client_) {
      client_ = std::make_unique<net::http_client>(
          context.get_executor(), server.where(),
          net::http_client_options{.peer = "the engine",
                                   .trace = [this](std::string_view line) { trace.emplace_back(line); }});
    }
    return *client_;
  }

  core::result<net::http_response> get(const std::string& target, net::body_sink sink = {}) {
    net::http_request request;
    request.target = target;
    request.timeout = timeout;
    request.body_limit_bytes = body_limit_bytes;
    return run_task(context, client().send(std::move(request), std::move(sink)));
  }

  scripted_engine server;
  boost::asio::io_context context;
  std::vector<std::string> trace;
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  std::size_t body_limit_bytes = 1 << 20;

 private:
  std::unique_ptr<net::http_client> client_;
};

}  // namespace docksweep::test
