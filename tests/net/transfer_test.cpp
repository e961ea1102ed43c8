// Bodies that are never held: what comes goes to an awaited consumer, what is sent comes from an awaited source.
#include <gmock/gmock.h>

#include <atomic>

#include "net/transfer_fixture.hpp"
#include "support/certificates.hpp"

namespace docksweep {
namespace {

using boost::asio::awaitable;
using core::failure_code;
using test::exchange;
using testing::HasSubstr;
using namespace std::chrono_literals;

class transfers : public test::transfer_test {};

TEST_F(transfers, an_answer_comes_in_pieces_however_it_is_sent) {
  const std::string body = "one two three";
  server.on("/chunked", [&](exchange& with) {
    with.begin_chunked();
    for (const char c : body) with.chunk(std::string(1, c));
    with.end_chunked();
  });
  server.answer("/sized", body);
  server.on("/closed", [&](exchange& with) {
    with.raw("HTTP/1.1 200 OK\r\n\r\n" + body);
    with.close();
  });
  server.answer("/empty", "");
  for (const auto* path : {"/chunked", "/sized", "/closed", "/empty"}) {
    received.clear();
    const auto response = transfer(request_to(path));
    ASSERT_TRUE(response) << path << ": " << response.error().message;
    EXPECT_EQ(received, path == std::string("/empty") ? "" : body) << path;
    EXPECT_EQ(response->body_bytes, received.size()) << path;
    EXPECT_EQ(response->body, "") << path;
  }
}

TEST_F(transfers, a_large_answer_is_never_held) {
  constexpr std::size_t count = 200, bytes = 1 << 20;
  body_limit_bytes = 1000;
  server.on("/large", [&](exchange& with) {
    const std::string megabyte(bytes, 'x');
    with.begin_chunked();
    for (std::size_t i = 0; i < count; ++i) with.chunk(megabyte);
    with.end_chunked();
  });
  std::size_t all = 0, longest = 0;
  const auto response = transfer(request_to("/large"), [&](std::string_view piece) -> awaitable<core::result<void>> {
    all += piece.size();
    longest = std::max(longest, piece.size());
    co_return core::result<void>();
  });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(all, count * bytes);
  EXPECT_LE(longest, std::size_t(64) << 10);
}

// The consumer rests: the server must come to a stop once the buffers between them are full.
TEST_F(transfers, a_slow_consumer_slows_the_server) {
  std::atomic<std::size_t> sent = 0;
  server.on("/large", [&](exchange& with) {
    const std::string piece(100'000, 'x');
    with.begin_chunked();
    for (int i = 0; i < 200; ++i) {
      with.chunk(piece);
      sent += piece.size();
    }
    with.end_chunked();
  });
  std::size_t all = 0, sent_meanwhile = 0;
  const auto response = transfer(request_to("/large"), [&](std::string_view piece) -> awaitable<core::result<void>> {
    if (all == 0) {
      auto resting = rest(500ms);
      co_await std::move(resting);
      sent_meanwhile = sent;
    }
    all += piece.size();
    co_return core::result<void>();
  });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(all, 20'000'000u);
  EXPECT_LT(sent_meanwhile, 2'000'000u);
}

TEST_F(transfers, what_a_source_hands_out_arrives_in_chunks) {
  std::string arrived, type;
  server.on("/load", [&](exchange& with) {
    EXPECT_EQ(with.request.method, "POST");
    EXPECT_EQ(with.request.header("Content-Length"), "");
    type = with.request.header("Content-Type");
    arrived = with.read_chunks();
    with.reply(200, "loaded");
  });
  auto request = request_to("/load", pieces(3, 5));
  request.headers = {{"Content-Type", "application/x-tar"}};
  const auto response = transfer(std::move(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(arrived, std::string(15, 'p'));
  EXPECT_EQ(type, "application/x-tar");
  EXPECT_EQ(received, "loaded");
  EXPECT_THAT(trace.front(), HasSubstr("-X POST -H 'Content-Type: application/x-tar' -T - "));
  handed_out = 0;
  ASSERT_TRUE(transfer(request_to("/load", pieces(0, 5))));
  EXPECT_EQ(arrived, "");
  EXPECT_EQ(server.connections(), 1) << "it can be used again after an upload";
}

TEST_F(transfers, a_slow_server_slows_the_source) {
  std::atomic<std::size_t> read = 0;
  server.on("/load", [&](exchange& with) {
    with.wait(500ms);
    for (auto piece = with.read_chunk(); piece && !piece->empty(); piece = with.read_chunk()) read += piece->size();
    with.reply(200, "loaded");
  });
  std::size_t handed_out_before_any_was_read = 0;
  auto count_source = [&, piece = std::string(100'000, 'p')]() -> awaitable<core::result<std::string_view>> {
    if (read == 0) ++handed_out_before_any_was_read;
    if (++handed_out > 500) co_return std::string_view();
    co_return std::string_view(piece);
  };
  const auto response = transfer(request_to("/load", count_source));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(read, 50'000'000u);
  EXPECT_LT(handed_out_before_any_was_read, 20u);
}

TEST_F(transfers, goes_both_ways_through_tls) {
  test::authority trusted;
  test::scripted_engine secure(trusted.issue("engine", "IP:127.0.0.1"), "");
  std::size_t arrived = 0;
  secure.on("/load", [&](exchange& with) {
    arrived = with.read_chunks().size();
    with.begin_chunked();
    for (int i = 0; i < 20; ++i) with.chunk(std::string(100'000, 'x'));
    with.end_chunked();
  });
  auto where = secure.where();
  where.tls.ca = trusted.ca();
  net::http_client over_tls(context.get_executor(), where, {.peer = "the engine", .trace = {}});
  auto transferring = over_tls.transfer(request_to("/load", pieces(20, 100'000)),
                                        [this](std::string_view piece) -> awaitable<core::result<void>> {
                                          received += piece;
                                          co_return core::result<void>();
                                        });
  const auto response = test::run_task(context, std::move(transferring));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(arrived, 2'000'000u);
  EXPECT_EQ(received.size(), 2'000'000u);
}

TEST_F(transfers, the_body_of_an_error_does_not_reach_the_consumer) {
  server.answer("/missing", "no such image", 404);
  const auto response = transfer(request_to("/missing"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "no such image");
  EXPECT_EQ(received, "");
}

TEST_F(transfers, a_failure_of_the_consumer_ends_the_call_and_is_its_failure) {
  std::atomic<bool> gone = false;
  server.on("/large", [&](exchange& with) {
    with.begin_chunked();
    with.chunk("x");
    gone = !with.wait(5s);
  });
  const auto response = transfer(request_to("/large"), [](std::string_view) -> awaitable<core::result<void>> {
    co_return core::fail(failure_code::storage, "the disk is full");
  });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::storage);
  EXPECT_EQ(response.error().message, "the disk is full");
  server.stop();
  EXPECT_TRUE(gone) << "the connection must be closed";
}

TEST_F(transfers, a_failure_of_the_source_ends_the_call_and_is_its_failure) {
  std::atomic<bool> whole = false;
  server.on("/load", [&](exchange& with) {
    for (auto piece = with.read_chunk(); piece; piece = with.read_chunk()) whole = piece->empty();
  });
  std::size_t asked = 0;
  const auto response = transfer(request_to("/load", [&]() -> awaitable<core::result<std::string_view>> {
    if (++asked == 2) co_return core::fail(failure_code::malformed, "the archive is damaged");
    co_return std::string_view("half");
  }));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::malformed);
  EXPECT_EQ(response.error().message, "the archive is damaged");
  server.stop();
  EXPECT_FALSE(whole) << "half an archive must not look like a whole one";
}

TEST_F(transfers, an_exception_of_a_source_or_consumer_is_passed_on) {
  server.on("/load", [](exchange& with) { with.read_chunks(); });
  server.answer("/large", "x");
  EXPECT_THROW(transfer(request_to("/load",
                                   []() -> awaitable<core::result<std::string_view>> {
                                     throw std::runtime_error("broken");
                                     co_return std::string_view();
                                   })),
               std::runtime_error);
  EXPECT_THROW(transfer(request_to("/large"),
                        [](std::string_view) -> awaitable<core::result<void>> {
                          throw std::runtime_error("broken");
                          co_return core::result<void>();
                        }),
               std::runtime_error);
}

}  // namespace
}  // namespace docksweep
