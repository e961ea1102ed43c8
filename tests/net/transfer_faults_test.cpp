// Transfers with servers that fall silent, break off, refuse in the middle, and with callers that lose patience.
#include <gmock/gmock.h>

#include <atomic>

#include "net/transfer_fixture.hpp"

namespace docksweep {
namespace {

using boost::asio::awaitable;
using core::failure_code;
using test::exchange;
using testing::HasSubstr;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

class transfer_faults : public test::transfer_test {};

TEST_F(transfer_faults, a_transfer_may_take_long_as_long_as_it_goes_on) {
  server.on("/slow", [](exchange& with) {
    with.begin_chunked();
    for (int i = 0; i < 30; ++i) {
      with.wait(50ms);
      with.chunk("x");
    }
    with.end_chunked();
  });
  auto request = request_to("/slow");
  request.timeout = 500ms;
  request.silence = 500ms;
  const auto response = transfer(std::move(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(received.size(), 30u);
}

TEST_F(transfer_faults, a_silence_is_a_timeout) {
  server.on("/silent", [](exchange& with) {
    with.begin_chunked();
    with.chunk("x");
    with.hang();
  });
  auto request = request_to("/silent");
  request.silence = 200ms;
  const auto began = clock::now();
  const auto response = transfer(std::move(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::timeout);
  EXPECT_THAT(response.error().message, HasSubstr("fell silent during GET /silent: not a byte came or went for 0.2 s"));
  EXPECT_LT(clock::now() - began, 2s);
  EXPECT_EQ(received, "x");
}

TEST_F(transfer_faults, the_consumers_own_time_is_no_silence) {
  server.on("/quick", [](exchange& with) {
    with.begin_chunked();
    for (int i = 0; i < 4; ++i) with.chunk(std::string(40'000, 'x'));
    with.end_chunked();
  });
  auto request = request_to("/quick");
  request.silence = 200ms;
  int pauses = 0;
  const auto response = transfer(std::move(request), [&](std::string_view) -> awaitable<core::result<void>> {
    if (++pauses > 2) co_return core::result<void>();
    auto resting = rest(400ms);
    co_await std::move(resting);
    co_return core::result<void>();
  });
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(transfer_faults, headers_that_do_not_come_are_a_timeout) {
  server.on("/hang", [](exchange& with) {
    with.read_chunks();
    with.hang();
  });
  auto download = request_to("/hang?get");
  download.timeout = 200ms;
  EXPECT_EQ(transfer(std::move(download)).error().code, failure_code::timeout);
  auto upload = request_to("/hang", pieces(3, 10));
  upload.timeout = 200ms;
  const auto response = transfer(std::move(upload));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::timeout);
  EXPECT_THAT(response.error().message, HasSubstr("did not answer POST /hang within 0.2 s"));
}

// The time for the headers begins when everything is sent.
TEST_F(transfer_faults, an_upload_may_take_longer_than_its_answer) {
  server.on("/load", [](exchange& with) {
    for (auto piece = with.read_chunk(); piece && !piece->empty(); piece = with.read_chunk()) with.wait(40ms);
    with.reply(200, "loaded");
  });
  auto request = request_to("/load", [&]() -> awaitable<core::result<std::string_view>> {
    auto resting = rest(40ms);
    co_await std::move(resting);
    co_return ++handed_out > 20 ? std::string_view() : std::string_view("piece");
  });
  request.timeout = 400ms;
  request.silence = 400ms;
  const auto response = transfer(std::move(request));
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(transfer_faults, a_server_that_stops_reading_is_a_timeout) {
  server.on("/load", [](exchange& with) { with.hang(); });
  auto request = request_to("/load", pieces(1000, 100'000));
  request.silence = 300ms;
  const auto began = clock::now();
  const auto response = transfer(std::move(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::timeout) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr("fell silent during POST /load"));
  EXPECT_LT(clock::now() - began, 3s);
}

TEST_F(transfer_faults, an_early_refusal_is_read_while_the_server_still_listens) {
  server.on("/load", [](exchange& with) {
    with.read_chunk();
    with.reply(400, R"({"message":"unsupported archive"})");
    with.wait(5s);
    with.close();
  });
  const auto began = clock::now();
  const auto response = transfer(request_to("/load", pieces(1000, 100'000)));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->body, R"({"message":"unsupported archive"})");
  EXPECT_LT(clock::now() - began, 3s);
  EXPECT_LT(handed_out, 1000u);
}

// As Go's server does: it answers, reads no more, and closes. What it said must not be lost to a broken pipe.
TEST_F(transfer_faults, an_early_refusal_is_read_when_the_server_closes_at_once) {
  server.on("/load", [](exchange& with) {
    with.read_chunk();
    with.reply(500, "no space left on device");
    with.close();
  });
  for (int i = 0; i < 20; ++i) {
    handed_out = 0;
    const auto response = transfer(request_to("/load", pieces(1000, 100'000)));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 500);
    EXPECT_EQ(response->body, "no space left on device");
  }
}

TEST_F(transfer_faults, a_connection_with_half_a_request_is_not_used_again) {
  server.on("/load", [](exchange& with) {
    with.read_chunk();
    with.reply(500, "refused");
    with.wait(200ms);
    with.read_chunks();
  });
  server.answer("/next", "1");
  ASSERT_TRUE(transfer(request_to("/load", pieces(1000, 100'000))));
  ASSERT_TRUE(get("/next"));
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(transfer_faults, a_server_that_dies_in_the_middle_is_told_from_one_that_ends) {
  server.on("/cut", [](exchange& with) {
    with.begin_chunked();
    with.chunk("half");
    with.die();
  });
  server.on("/short", [](exchange& with) {
    with.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    with.close();
  });
  server.on("/load", [](exchange& with) {
    with.read_chunk();
    with.die();
  });
  for (const auto* path : {"/cut", "/short"}) {
    received.clear();
    const auto response = transfer(request_to(path));
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code, failure_code::unreachable) << path << ": " << response.error().message;
    EXPECT_EQ(received, "half") << path;
  }
  const auto response = transfer(request_to("/load", pieces(1000, 100'000)));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::unreachable) << response.error().message;
  EXPECT_EQ(server.count("/load"), 1) << "an upload is never sent twice";
}

TEST_F(transfer_faults, cancelling_closes_the_connection) {
  std::atomic<int> gone = 0;
  server.on("/endless", [&](exchange& with) {
    with.begin_chunked();
    while (with.wait(5ms)) with.chunk("x");
    ++gone;
  });
  server.on("/load", [&](exchange& with) {
    while (with.read_chunk()) with.wait(1ms);
    ++gone;
  });
  server.on("/hang", [&](exchange& with) {
    with.read_chunks();
    gone += !with.wait(5s);
  });
  server.answer("/next", "1");
  net::body_consumer ignore = [](std::string_view) -> awaitable<core::result<void>> { co_return core::result<void>(); };
  net::http_request requests[] = {request_to("/endless"), request_to("/load", pieces(1'000'000, 1000)),
                                  request_to("/hang", pieces(1, 1)), request_to("/load", [] {
                                    return [](auto resting) -> awaitable<core::result<std::string_view>> {
                                      co_await std::move(resting);
                                      co_return std::string_view();
                                    }(rest(5s));
                                  })};
  for (auto& request : requests) {
    const auto target = request.target;
    handed_out = 0;
    const auto began = clock::now();
    const auto outcome = cancelled_after(100ms, std::move(request), ignore);
    EXPECT_LT(clock::now() - began, 2s) << target;
    if (outcome) {
      ASSERT_FALSE(*outcome) << target;
      EXPECT_EQ(outcome->error().code, failure_code::cancelled) << target << ": " << outcome->error().message;
    }
    EXPECT_TRUE(get("/next")) << target;
  }
  server.stop();
  EXPECT_EQ(gone, 4);
}

TEST_F(transfer_faults, the_endless_words_of_an_error_are_cut) {
  server.on("/endless", [](exchange& with) {
    with.begin_chunked(500);
    for (int i = 0; i < 100; ++i) with.chunk(std::string(10'000, 'x'));
    with.end_chunked();
  });
  const auto response = transfer(request_to("/endless"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.size(), net::error_body_limit_bytes);
}

}  // namespace
}  // namespace docksweep
