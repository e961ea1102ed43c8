// TCP and TLS: who is trusted, and who is told what when it fails.
#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <thread>

#include "net/http_client.hpp"
#include "support/certificates.hpp"
#include "support/run_task.hpp"
#include "support/scripted_engine.hpp"
#include "support/soon.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using testing::HasSubstr;
using namespace std::chrono_literals;

core::result<net::http_response> ping(const net::endpoint& where) {
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), where, {.peer = "the engine", .trace = {}});
  net::http_request request;
  request.target = "/_ping";
  request.timeout = 5s;
  return test::run_task(context, client.send(request));
}

TEST(tcp, talks_to_a_port) {
  test::scripted_engine server(test::scripted_engine::on_tcp{});
  EXPECT_TRUE(ping(server.where()));
  EXPECT_EQ(server.requests().front().header("Host"), "127.0.0.1:" + std::to_string(server.where().port));
}

TEST(tcp, resolves_a_name) {
  test::scripted_engine server(test::scripted_engine::on_tcp{});
  auto where = server.where();
  where.host = "localhost";
  const auto response = ping(where);
  EXPECT_TRUE(response) << response.error().message;
}

TEST(tcp, a_name_that_does_not_exist_is_named) {
  net::endpoint where{
      .how = net::endpoint::kind::tcp, .path = {}, .host = "no-such-host.invalid", .port = 2375, .tls = {}};
  const auto response = ping(where);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("no-such-host.invalid"));
}

TEST(tcp, a_closed_port_is_unreachable) {
  net::endpoint where;
  {
    test::scripted_engine server(test::scripted_engine::on_tcp{});
    where = server.where();
  }
  const auto response = ping(where);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::unreachable);
  EXPECT_THAT(response.error().message, HasSubstr("Connection refused"));
}

class tls : public testing::Test {
 protected:
  test::authority trusted;
  test::certificate own = trusted.issue("engine", "DNS:localhost,IP:127.0.0.1");

  net::endpoint with(const test::scripted_engine& server, const test::certificate& client = {}) {
    auto where = server.where();
    where.tls = {.ca = trusted.ca(), .cert = client.cert, .key = client.key};
    return where;
  }
};

TEST_F(tls, trusts_the_given_authority_and_keeps_the_connection) {
  test::scripted_engine server(own, "");
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), with(server), {.peer = "the engine", .trace = {}});
  for (int i = 0; i < 3; ++i) {
    net::http_request request;
    request.target = "/_ping";
    const auto response = test::run_task(context, client.send(request));
    ASSERT_TRUE(response) << response.error().message;
  }
  EXPECT_EQ(server.connections(), 1);
}

// A DELETE is never sent twice: it must not find out that the connection had ended long before.
TEST_F(tls, a_connection_that_was_closed_while_idle_takes_no_request) {
  test::scripted_engine server(own, "");
  server.answer("/victim", "", 204);
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), with(server), {.peer = "the engine", .trace = {}});
  net::http_request request;
  request.target = "/_ping";
  ASSERT_TRUE(test::run_task(context, client.send(request)));
  server.stop();  // when it returns, farewell and end wait to be read
  server.start();
  request.what = net::verb::remove;
  request.target = "/victim";
  const auto response = test::run_task(context, client.send(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(server.count("/victim"), 1);
  EXPECT_EQ(server.connections(), 2);
}

// Session tickets of TLS 1.3 may come at any time after the handshake, and mean nothing here.
TEST_F(tls, session_tickets_on_an_idle_connection_do_not_end_it) {
  test::scripted_engine server(own, "");
  server.on("/tickets", [](test::exchange& with) {
    with.reply(200, "1");
    with.send_session_ticket();
  });
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), with(server), {.peer = "the engine", .trace = {}});
  net::http_request request;
  for (int i = 0; i < 3; ++i) {
    request.target = "/tickets";
    ASSERT_TRUE(test::run_task(context, client.send(request)));
    std::this_thread::sleep_for(50ms);  // the ticket waits to be read
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(tls, what_nobody_asked_for_ends_an_idle_connection) {
  std::atomic<bool> said_twice = false;
  test::scripted_engine server(own, "");
  server.answer("/victim", "", 204);
  server.on("/twice", [&](test::exchange& with) {
    with.reply(200, "1");
    with.wait(50ms);
    with.reply(200, "2");
    said_twice = true;
  });
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), with(server), {.peer = "the engine", .trace = {}});
  net::http_request request;
  request.target = "/twice";
  ASSERT_TRUE(test::run_task(context, client.send(request)));
  ASSERT_TRUE(test::soon([&] { return said_twice.load(); }));
  std::this_thread::sleep_for(50ms);  // what it said is on its way
  request.what = net::verb::remove;
  request.target = "/victim";
  const auto response = test::run_task(context, client.send(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(tls, verifies_names_too) {
  test::scripted_engine server(own, "");
  auto where = with(server);
  where.host = "localhost";
  const auto response = ping(where);
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(tls, refuses_another_authority) {
  test::authority stranger("stranger");
  test::scripted_engine server(stranger.issue("engine", "IP:127.0.0.1"), "");
  const auto response = ping(with(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::unreachable);
  EXPECT_THAT(response.error().message, HasSubstr("certificate verify failed"));
  EXPECT_TRUE(server.calls().empty());
}

TEST_F(tls, refuses_a_certificate_for_another_host) {
  test::scripted_engine server(trusted.issue("elsewhere", "DNS:elsewhere.example.com"), "");
  const auto response = ping(with(server));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("certificate verify failed"));
}

TEST_F(tls, does_not_trust_a_private_authority_by_default) {
  test::scripted_engine server(own, "");
  EXPECT_FALSE(ping(server.where()));
}

TEST_F(tls, shows_its_client_certificate) {
  test::scripted_engine server(own, trusted.ca());
  const auto client = trusted.issue("client", "DNS:client");
  const auto response = ping(with(server, client));
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(tls, is_turned_away_without_a_client_certificate) {
  test::scripted_engine server(own, trusted.ca());
  const auto response = ping(with(server));
  ASSERT_FALSE(response);
  EXPECT_TRUE(server.calls().empty());
}

TEST_F(tls, an_unreadable_file_is_named) {
  test::scripted_engine server(own, "");
  auto where = with(server);
  where.tls.ca = "/nonexistent/ca.pem";
  const auto response = ping(where);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::invalid);
  EXPECT_THAT(response.error().message, HasSubstr("/nonexistent/ca.pem"));
}

TEST_F(tls, half_a_client_certificate_is_refused) {
  test::scripted_engine server(own, "");
  auto where = with(server);
  where.tls.cert = own.cert;
  const auto response = ping(where);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::invalid);
}

// Certificates are replaced under a running agent: the new ones count from the first handshake that fails.
TEST_F(tls, reads_replaced_files_after_a_failed_handshake) {
  test::scripted_engine server(own, "");
  test::authority stranger("stranger");
  test::temp_folder folder;
  auto where = with(server);
  where.tls.ca = folder.file("ca.pem");
  std::filesystem::copy_file(stranger.ca(), where.tls.ca);
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), where, {.peer = "the engine", .trace = {}});
  net::http_request request;
  request.target = "/_ping";
  EXPECT_FALSE(test::run_task(context, client.send(request)));
  std::filesystem::copy_file(trusted.ca(), where.tls.ca, std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(test::run_task(context, client.send(request)));
}

TEST_F(tls, a_server_that_speaks_no_tls_is_told_apart) {
  test::scripted_engine server(test::scripted_engine::on_tcp{});
  auto where = server.where();
  where.how = net::endpoint::kind::tls;
  where.tls.ca = trusted.ca();
  boost::asio::io_context context;
  net::http_client client(context.get_executor(), where, {.peer = "the engine", .trace = {}});
  net::http_request request;
  request.target = "/_ping";
  request.timeout = 1s;
  EXPECT_FALSE(test::run_task(context, client.send(request)));
}

}  // namespace
}  // namespace docksweep
