// One Alertmanager, or several that tell each other of their alerts: all are asked (GET /api/v2/alerts), and what they
// answer is put together. One that does not answer is no failure while another does; it is left alone for longer and
// longer, and the log says when that began and when it ended.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/alert_source.hpp"
#include "app/alert_telemetry.hpp"
#include "app/log.hpp"
#include "net/endpoint.hpp"

namespace docksweep::alertmanager {

struct cluster_options {
  std::vector<std::string> urls;        // "http://alertmanager:9093", a path allowed; checked by the configuration
  net::tls_files tls;                   // for https
  std::string bearer_token_file;        // read at each request: a token that was replaced counts at once; empty: none
  std::string username, password_file;  // basic authentication; empty: none
  std::chrono::milliseconds timeout = std::chrono::seconds(10);      // of one request
  std::chrono::milliseconds pause_least = std::chrono::seconds(30);  // after a failure; it grows to pause_most
  std::chrono::milliseconds pause_most = std::chrono::minutes(5);
};

// `counts` and `log` outlive it.
core::result<std::unique_ptr<app::alert_source>> make_cluster(boost::asio::any_io_executor executor,
                                                              cluster_options options, app::alert_telemetry& counts,
                                                              app::log_sink& log);

}  // namespace docksweep::alertmanager
