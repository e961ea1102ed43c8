// The server over real sockets: what it answers, where it listens, how it ends.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "support/soon.hpp"
#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

using namespace std::chrono_literals;

TEST(server, serves_metrics_probes_page_and_inventory) {
  live_server server(local_options());
  client one(server.where());
  const auto metrics = one.ask(get("/metrics"));
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.body, "docksweep_engine_up 1\n");
  EXPECT_EQ(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.header("vary"), "Accept, Accept-Encoding");
  EXPECT_FALSE(metrics.header("date").empty());
  EXPECT_EQ(one.ask(get("/-/healthy")).status, 200);
  EXPECT_EQ(one.ask(get("/-/ready")).status, 200);
  const auto page = one.ask(get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  const auto policy = page.header("content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'")) << policy;
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
  EXPECT_EQ(page.header("x-frame-options"), "DENY");
  EXPECT_EQ(page.header("referrer-policy"), "no-referrer");
  EXPECT_EQ(page.header("cross-origin-opener-policy"), "same-origin");
  const auto inventory = one.ask(get("/api/v1/inventory"));
  EXPECT_EQ(inventory.status, 200);
  EXPECT_EQ(inventory.header("content-type"), "application/json");
  EXPECT_EQ(inventory.body, R"({"images":[]})");
  EXPECT_EQ(server.counts().counted("metrics", 200), 1);
  EXPECT_EQ(server.counts().counted("index", 200), 1);
}

TEST(server, lets_nothing_be_guessed_or_kept) {
  live_server server(local_options());
  client one(server.where());
  for (const auto path : {"/", "/metrics", "/-/ready", "/api/v1/inventory", "/api/v1/plan", "/nothing"}) {
    const auto answer = one.ask(get(path));
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff") << path;
    EXPECT_EQ(answer.header("cache-control"), "no-store") << path;
    EXPECT_EQ(answer.headers.count("cache-control"), 1U) << path;
  }
}

TEST(server, speaks_openmetrics_and_gzip_when_asked) {
  live_server server(local_options());
  client one(server.where());
  const auto open =
      one.ask(get("/metrics", "Accept: application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.1\r\n"));
  EXPECT_TRUE(open.header("content-type").starts_with("application/openmetrics-text")) << open.header("content-type");
  const auto packed = one.ask(get("/metrics", "Accept-Encoding: br, gzip\r\n"));
  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_EQ(packed.body, "gzip bytes");
  const auto inventory = one.ask(get("/api/v1/inventory", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(inventory.header("content-encoding"), "gzip");
  EXPECT_TRUE(inventory.body.starts_with("\x1f\x8b"));
}

TEST(server, answers_head_with_the_length_and_no_body) {
  live_server server(local_options());
  client one(server.where());
  const auto head = one.ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "22");
  EXPECT_EQ(one.ask(get("/-/ready")).body, "docksweep is ready.\n") << "a body came after the HEAD";
  EXPECT_EQ(one.ask("HEAD /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n", true).status, 200);
}

TEST(server, is_unready_with_a_reason_until_there_is_a_view) {
  test_content content;
  content.not_ready = "The first listing is not complete.";
  content.has_inventory = false;
  live_server server(local_options(), content);
  client one(server.where());
  const auto ready = one.ask(get("/-/ready"));
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "The first listing is not complete.\n");
  EXPECT_EQ(one.ask(get("/-/healthy")).status, 200);
  EXPECT_EQ(one.ask(get("/api/v1/inventory")).status, 503);
}

TEST(server, answers_pipelined_requests_in_order) {
  live_server server(local_options());
  client one(server.where());
  ASSERT_TRUE(one.send(get("/metrics") + get("/nothing") + get("/-/ready")));
  EXPECT_EQ(one.read().body, "docksweep_engine_up 1\n");
  EXPECT_EQ(one.read().status, 404);
  EXPECT_EQ(one.read().body, "docksweep is ready.\n");
}

TEST(server, serves_a_peer_that_has_closed_its_half) {
  live_server server(local_options());
  client one(server.where());
  ASSERT_TRUE(one.send(get("/metrics")));
  one.half_close();
  EXPECT_EQ(one.read().status, 200);
  EXPECT_TRUE(one.ends_within(2s));
}

TEST(server, keeps_http_1_0_alive_only_when_asked) {
  live_server server(local_options());
  client plain(server.where());
  EXPECT_EQ(plain.ask("GET /metrics HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_TRUE(plain.ends_within(300ms));
  client kept(server.where());
  const auto first = kept.ask("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(first.header("connection"), "keep-alive");
  EXPECT_EQ(kept.ask("GET /metrics HTTP/1.0\r\n\r\n").status, 200);
}

TEST(server, listens_on_ipv4_ipv6_and_a_unix_socket_at_once) {
  const temporary_folder folder;
  auto options = local_options();
  options.listen = {"127.0.0.1:0", "[::1]:0", "unix://" + folder.path("web.sock")};
  live_server server(options);
  ASSERT_TRUE(server.started()) << server.started().error().message;
  for (std::size_t at = 0; at < 3; ++at) {
    client one(server.where(at));
    EXPECT_EQ(one.ask(get("/metrics")).status, 200) << server.where(at);
    EXPECT_EQ(one.ask(get("/")).status, 200) << "not taken as local: " << server.where(at);
  }
  EXPECT_TRUE(server.where(1).starts_with("[::1]:"));
}

TEST(server, guards_its_unix_socket_and_removes_it) {
  const temporary_folder folder;
  const auto path = folder.path("web.sock");
  auto options = local_options();
  options.listen = {"unix://" + path};
  {
    const auto before = ::umask(0);
    live_server server(options);
    ::umask(before);
    ASSERT_TRUE(server.started()) << server.started().error().message;
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(server, replaces_a_stale_unix_socket_and_refuses_a_live_one) {
  const temporary_folder folder;
  const auto path = folder.path("web.sock");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(dead);  // the file stays, as after a crash

  auto options = local_options();
  options.listen = {"unix://" + path};
  live_server first(options);
  ASSERT_TRUE(first.started()) << first.started().error().message;
  EXPECT_EQ(client(first.where()).ask(get("/metrics")).status, 200);

  live_server second(options);
  ASSERT_FALSE(second.started());
  EXPECT_NE(second.started().error().message.find("Another program answers"), std::string::npos);
  EXPECT_EQ(client(first.where()).ask(get("/metrics")).status, 200) << "the second one took the socket away";

  options.listen = {"unix://" + folder.write("file", "precious")};
  live_server third(options);
  ASSERT_FALSE(third.started());
  EXPECT_TRUE(std::filesystem::exists(folder.path("file")));
}

TEST(server, says_which_port_is_taken_and_opens_nothing) {
  live_server first(local_options());
  const temporary_folder folder;
  auto options = local_options();
  options.listen = {"unix://" + folder.path("web.sock"), first.where()};
  live_server second(options);
  ASSERT_FALSE(second.started());
  const auto& message = second.started().error().message;
  EXPECT_NE(message.find(first.where()), std::string::npos) << message;
  EXPECT_NE(message.find("[web].listen"), std::string::npos) << message;
  EXPECT_EQ(second.started().error().code, core::failure_code::invalid);
  EXPECT_FALSE(std::filesystem::exists(folder.path("web.sock"))) << "half a server was left";
}

TEST(server, serves_a_socket_that_systemd_hands_over) {
  const temporary_folder folder;
  const int handed = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.path("unit.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(handed, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  auto options = local_options();
  options.listen = {"systemd"};
  options.inherited = {handed};
  EXPECT_FALSE(live_server(options).started().has_value()) << "a socket that does not listen was taken";
  ASSERT_EQ(::listen(handed, 8), 0);
  {
    live_server server(options);
    ASSERT_TRUE(server.started()) << server.started().error().message;
    EXPECT_EQ(client(server.where()).ask(get("/metrics")).status, 200);
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path("unit.sock"))) << "the socket is systemd's";
  ::close(handed);
  options.inherited.clear();
  EXPECT_FALSE(live_server(options).started().has_value());
}

TEST(server, stops_within_a_second_while_connections_are_open) {
  test_content content;
  content.reload_takes = 30s;
  const temporary_folder folder;
  auto options = local_options();
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options, content);
  client idle(server.where()), silent(server.where()), half(server.where()), busy(server.where());
  EXPECT_EQ(idle.ask(get("/-/healthy")).status, 200);
  ASSERT_TRUE(half.send("GET /metrics HT"));
  ASSERT_TRUE(busy.send(post("/-/reload", "Authorization: Bearer 0123456789abcdef0123\r\n")));
  ASSERT_TRUE(test::soon([&] { return *content.reloads_begun == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_TRUE(idle.ends_within(100ms));
  EXPECT_TRUE(silent.ends_within(100ms));
  EXPECT_TRUE(half.ends_within(100ms));
  EXPECT_TRUE(busy.ends_within(100ms));
}

TEST(server, leaves_nothing_to_wait_for_when_it_stops) {
  auto options = local_options();
  for (const bool connected : {true, false}) {
    auto server = std::make_unique<live_server>(options);
    std::optional<client> idle;
    if (connected) {
      idle.emplace(server->where());
      EXPECT_EQ(idle->ask(get("/-/healthy")).status, 200);
    }
    const auto begin = std::chrono::steady_clock::now();
    server.reset();  // stops, and waits until the io_context has nothing left to do
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 300ms) << "connected: " << connected;
  }
}

TEST(server, finishes_a_request_in_progress_when_it_stops) {
  test_content content;
  content.reload_takes = 1s;
  const temporary_folder folder;
  auto options = local_options();
  options.limits.stop = 10s;
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options, content);
  client busy(server.where());
  ASSERT_TRUE(busy.send(post("/-/reload", "Authorization: Bearer 0123456789abcdef0123\r\n")));
  ASSERT_TRUE(test::soon([&] { return *content.reloads_begun == 1; }));
  server.stop();
  const auto last = busy.read();
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
}

TEST(server, takes_over_new_addresses_on_reload_and_keeps_the_rest) {
  const temporary_folder folder;
  auto options = local_options();
  live_server server(options);
  const auto tcp = server.where();
  client open(tcp);
  EXPECT_EQ(open.ask(get("/-/healthy")).status, 200);
  options.listen = {"127.0.0.1:0", "unix://" + folder.path("web.sock")};
  ASSERT_TRUE(server.reload(options));
  EXPECT_EQ(server.where(), tcp);
  EXPECT_EQ(client(server.where(1)).ask(get("/metrics")).status, 200);
  EXPECT_EQ(open.ask(get("/-/healthy")).status, 200) << "an open connection did not survive";

  auto wrong = options;
  wrong.token_file = folder.path("missing");
  wrong.listen = {"127.0.0.1:0"};
  const auto refused = server.reload(wrong);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("token_file"), std::string::npos);
  EXPECT_EQ(client(server.where(1)).ask(get("/metrics")).status, 200) << "a failed reload changed something";

  options.listen = {"unix://" + folder.path("web.sock")};
  ASSERT_TRUE(server.reload(options));
  EXPECT_THROW(client{tcp}, std::runtime_error);
}

// The port of "127.0.0.1:9713".
std::string port_of(const std::string& where) {
  return where.substr(where.rfind(':') + 1);
}

TEST(server, narrows_and_widens_its_address_on_the_same_port) {
  auto options = local_options();
  live_server server(options);
  const auto port = port_of(server.where());  // held by nobody else while this server has it
  for (const std::string host : {"0.0.0.0:", "127.0.0.1:", "[::]:", "127.0.0.1:", "0.0.0.0:"}) {
    options.listen = {host + port};
    const auto reloaded = server.reload(options);
    ASSERT_TRUE(reloaded) << host << ": " << reloaded.error().message;
    EXPECT_EQ(server.where(), host + port);
    EXPECT_EQ(client("127.0.0.1:" + port).ask(get("/-/healthy")).status, 200) << host;
  }
}

TEST(server, is_back_on_its_port_when_the_rest_of_a_list_cannot_be_opened) {
  auto options = local_options();
  live_server server(options), other(options);
  const auto port = port_of(server.where());
  options.listen = {"0.0.0.0:" + port};
  ASSERT_TRUE(server.reload(options));
  auto wrong = options;
  wrong.listen = {"127.0.0.1:" + port, other.where()};
  const auto refused = server.reload(wrong);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(other.where()), std::string::npos) << refused.error().message;
  EXPECT_EQ(server.where(), "0.0.0.0:" + port);
  EXPECT_EQ(client("127.0.0.1:" + port).ask(get("/-/healthy")).status, 200);
}

TEST(server, takes_ipv4_along_again_when_its_own_ipv4_address_goes) {
  auto options = local_options();
  live_server server(options);
  const auto port = port_of(server.where());
  options.listen = {"0.0.0.0:" + port, "[::]:" + port};
  ASSERT_TRUE(server.reload(options));
  EXPECT_EQ(client("127.0.0.1:" + port).ask(get("/-/healthy")).status, 200);
  options.listen = {"[::]:" + port};
  ASSERT_TRUE(server.reload(options));
  EXPECT_EQ(client("127.0.0.1:" + port).ask(get("/-/healthy")).status, 200) << "IPv4 fell silent";
}

}  // namespace
}  // namespace docksweep::web::testing
