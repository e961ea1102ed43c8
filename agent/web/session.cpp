// HTTP/1.1 by Beast over any stream: one template serves TCP, Unix sockets and TLS; see session.hpp.
#include "web/session.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/span.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <ctime>
#include <optional>
#include <utility>

#include "web/client_certificate.hpp"
#include "web/request_head.hpp"

namespace docksweep::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;
using boost::system::error_code;

constexpr std::size_t first_read_bytes = 2048;
constexpr std::size_t most_buffered_bytes = 64 * 1024;
constexpr std::size_t most_discarded_bytes = 256 * 1024;

// The Date header (RFC 9110, 6.6.1), made once a second.
std::string_view http_date() {
  static thread_local std::time_t made_at = 0;
  static thread_local char text[32];
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at = now;
  }
  return text;
}

template <typename Stream>
class session {
 public:
  session(serving& all, connection& one, Stream& stream, std::string certificate,
          std::shared_ptr<asio::ssl::context> taken_by)
      : all_(all),
        one_(one),
        stream_(stream),
        certificate_(std::move(certificate)),
        judged_by_(std::move(taken_by)),
        buffer_(most_buffered_bytes) {}

  task<void> run();

 private:
  using header_parser = http::request_parser<http::string_body>;

  task<bool> first_byte();
  task<bool> one_request();
  void judge_certificate_again();
  std::optional<response> fault_of(const error_code& error, const header_parser& parser) const;
  request read_request(const header_parser& parser) const;
  std::optional<response> body_fault(const header_parser& parser, const route& target) const;
  task<bool> read_body(header_parser& parser);
  task<bool> send(const response& answer, unsigned version, bool head, bool keep);
  task<void> say_goodbye();

  serving& all_;
  connection& one_;
  Stream& stream_;
  std::string certificate_;                        // its subject; empty: none was shown
  std::shared_ptr<asio::ssl::context> judged_by_;  // the settings that took it
  bool distrusted_ = false;                        // it was taken once, and counts no more
  beast::flat_buffer buffer_;
  bool unread_ = false;  // the peer may still be sending what nobody will read
};

template <typename Stream>
task<void> session<Stream>::run() {
  while (true) {
    const bool begun = co_await first_byte();
    if (!begun) break;
    const bool again = co_await one_request();
    if (!again) break;
  }
  if (!one_.ended) co_await say_goodbye();
}

// False: the peer is gone, or it was silent for too long, or the server stops.
template <typename Stream>
task<bool> session<Stream>::first_byte() {
  if (all_.open.stopping()) co_return false;
  if (buffer_.size() > 0) co_return true;  // pipelined
  error_code error;
  const std::size_t got =
      co_await stream_.async_read_some(buffer_.prepare(first_read_bytes), asio::redirect_error(use_awaitable, error));
  buffer_.commit(got);
  co_return !error && !one_.ended;
}

// What to say about a request that could not be read; null: nothing, the peer is gone.
template <typename Stream>
std::optional<response> session<Stream>::fault_of(const error_code& error, const header_parser& parser) const {
  if (one_.ended) return std::nullopt;
  if (one_.expired) return text_response(408, "The request did not arrive in time.");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    const bool within_target = parser.get().target().empty();  // the first line has not come to its end
    return within_target ? text_response(414, "The request's target is too long.")
                         : text_response(431, "The request's header is too long.");
  }
  if (error == http::error::body_limit) return text_response(413, "The request's body is too large.");
  if (error == http::error::bad_version) return text_response(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream && error != http::error::partial_message;
  if (malformed) return text_response(400, fmt::format("This is not an HTTP request: {}.", error.message()));
  return std::nullopt;
}

// Open connections outlive a reload; what their certificate is worth does not.
template <typename Stream>
void session<Stream>::judge_certificate_again() {
  if (certificate_.empty() || judged_by_ == all_.tls) return;
  judged_by_ = all_.tls;
  if constexpr (requires { is_still_trusted(stream_.native_handle(), nullptr); }) {
    if (judged_by_ && is_still_trusted(stream_.native_handle(), judged_by_->native_handle())) return;
  }
  certificate_.clear();
  distrusted_ = true;
}

template <typename Stream>
request session<Stream>::read_request(const header_parser& parser) const {
  const auto& message = parser.get();
  request what;
  what.method = std::string(message.method_string());
  for (const auto& field : message) {
    what.headers.emplace_back(lower_case(field.name_string()), std::string(field.value()));
  }
  what.from_loopback = one_.loopback;
  what.from_unix_socket = one_.is_unix;
  what.client_certificate = !certificate_.empty();
  what.user = certificate_;
  what.peer = one_.peer;
  return what;
}

template <typename Stream>
std::optional<response> session<Stream>::body_fault(const header_parser& parser, const route& target) const {
  const bool post = parser.get().method() == http::verb::post;
  const auto length = parser.content_length();
  if (post && target.post_needs_length && !length && !parser.chunked()) {
    return text_response(411, "This POST needs a body with a Content-Length.");
  }
  const std::size_t limit = post ? target.post_limit_bytes : 0;
  if (length.value_or(0) > limit || (parser.chunked() && limit == 0)) {
    return text_response(413, fmt::format("A body here has at most {} bytes.", limit));
  }
  return std::nullopt;
}

// True when the connection is good for another request.
template <typename Stream>
task<bool> session<Stream>::one_request() {
  all_.open.enter(one_, phase::waiting, all_.limits.header);
  header_parser parser;
  parser.header_limit(static_cast<std::uint32_t>(all_.limits.header_bytes));
  parser.body_limit(boost::none);  // judged when the route is known, before a byte of it is read
  error_code error;
  co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(use_awaitable, error));
  if (error) {
    const auto fault = fault_of(error, parser);
    if (!fault) co_return false;
    unread_ = true;
    all_.counts.http_request(fault->handler, fault->status);
    co_await send(*fault, 11, false, false);
    co_return false;
  }
  all_.open.enter(one_, phase::working, std::chrono::milliseconds::max());
  judge_certificate_again();
  request what = read_request(parser);
  const auto version = parser.get().version();
  const bool head = parser.get().method() == http::verb::head;
  std::optional<response> refused = fault_in_head(parser.get().target(), version, all_.limits.target_bytes, what);
  const route* target = nullptr;
  if (!refused) {
    auto asking = admit(all_.routes, all_.who, all_.names, what);
    admission made = co_await std::move(asking);
    target = made.target;
    refused = std::move(made.refused);
    if (!refused) refused = body_fault(parser, *target);
  }
  if (!refused && !parser.is_done()) {
    parser.body_limit(target->post_limit_bytes);
    const bool whole = co_await read_body(parser);
    if (!whole) co_return false;
    what.body = std::move(parser.get().body());
    all_.open.enter(one_, phase::working, std::chrono::milliseconds::max());
  }
  unread_ = !parser.is_done();
  response answer;
  if (refused) {
    answer = std::move(*refused);
  } else {
    auto work = perform(*target, what);
    answer = co_await std::move(work);
  }
  if (target != nullptr) answer.handler = target->name;
  all_.counts.http_request(answer.handler, answer.status);
  // Who lost its certificate's worth may come back with another one: on another connection.
  const bool keep = parser.get().keep_alive() && !unread_ && !distrusted_ && !all_.open.stopping();
  const bool sent = co_await send(answer, version, head, keep);
  if (sent && keep) all_.open.enter(one_, phase::waiting, all_.limits.idle);
  co_return sent&& keep;
}

// False: the body did not come whole; the peer has been told why.
template <typename Stream>
task<bool> session<Stream>::read_body(header_parser& parser) {
  all_.open.enter(one_, phase::receiving, all_.limits.body);
  error_code error;
  if (parser.get().version() >= 11 && !parser.get()[http::field::expect].empty()) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream_, asio::buffer(go_on), asio::redirect_error(use_awaitable, error));
    if (error) co_return false;
  }
  co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(use_awaitable, error));
  if (!error) co_return true;
  const auto fault = fault_of(error, parser);
  if (!fault) co_return false;
  unread_ = true;
  all_.counts.http_request(fault->handler, fault->status);
  co_await send(*fault, 11, false, false);
  co_return false;
}

template <typename Stream>
task<bool> session<Stream>::send(const response& answer, unsigned version, bool head, bool keep) {
  all_.open.enter(one_, phase::sending, all_.limits.send);
  static const std::string nothing;
  const std::string& body = answer.body ? *answer.body : nothing;
  http::response<http::span_body<const char>> message{static_cast<http::status>(answer.status), version};
  message.set(http::field::date, http_date());
  message.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : answer.headers) message.insert(name, value);
  message.set("X-Content-Type-Options", "nosniff");
  message.set("Cache-Control", "no-store");  // nothing here is the same a moment later, and some of it is not for all
  message.content_length(body.size());
  message.keep_alive(keep);
  if (!head) message.body() = beast::span<const char>(body.data(), body.size());
  error_code error;
  if (head) {
    http::response_serializer<http::span_body<const char>> serializer{message};
    co_await http::async_write_header(stream_, serializer, asio::redirect_error(use_awaitable, error));
  } else {
    co_await http::async_write(stream_, message, asio::redirect_error(use_awaitable, error));
  }
  co_return !error && !one_.ended;
}

// Closes so that the peer can still read the last answer: a socket closed over unread bytes resets the connection.
template <typename Stream>
task<void> session<Stream>::say_goodbye() {
  all_.open.enter(one_, phase::sending, all_.limits.linger);
  error_code error;
  if constexpr (requires { stream_.async_shutdown(use_awaitable); }) {
    if (!unread_) {
      co_await stream_.async_shutdown(asio::redirect_error(use_awaitable, error));
      co_return;
    }
  }
  if (!unread_) co_return;
  one_.socket.shutdown(stream_socket::shutdown_send, error);
  std::size_t discarded = 0;
  while (!error && discarded < most_discarded_bytes) {
    buffer_.clear();
    auto space = buffer_.prepare(most_buffered_bytes / 4);
    discarded += co_await one_.socket.async_read_some(space, asio::redirect_error(use_awaitable, error));
  }
}

task<void> serve_tls(serving& all, connection& one, std::shared_ptr<asio::ssl::context> context) {
  asio::ssl::stream<stream_socket&> stream(one.socket, *context);
  error_code error;
  all.open.enter(one, phase::waiting, all.limits.handshake);
  co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(use_awaitable, error));
  if (error) {
    if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST &&
        error.category() == asio::error::get_ssl_category()) {
      static constexpr std::string_view plain =
          "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis port speaks HTTPS.\n";
      one.socket.write_some(asio::buffer(plain), error);
    }
    co_return;
  }
  session<asio::ssl::stream<stream_socket&>> served(all, one, stream, certificate_subject(stream.native_handle()),
                                                    std::move(context));
  all.open.enter(one, phase::waiting, all.limits.header);
  co_await served.run();
}

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<serving> all, std::shared_ptr<connection> one) {
  try {
    if (all->tls && !one->is_unix) {
      co_await serve_tls(*all, *one, all->tls);
    } else {
      session<stream_socket> served(*all, *one, one->socket, {}, nullptr);
      all->open.enter(*one, phase::waiting, all->limits.header);
      co_await served.run();
    }
  } catch (const boost::system::system_error&) {
    // Cancelled, by shutdown or for a newcomer.
  } catch (const std::exception& fault) {
    spdlog::error("a connection from {} ended: {}", one->peer, fault.what());
  }
  error_code ignored;
  one->socket.close(ignored);
  all->open.leave(one);
}

void refuse(stream_socket socket, bool tls) {
  if (tls) return;
  static constexpr std::string_view full =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 22\r\nRetry-After: 1\r\n"
      "Connection: close\r\n\r\nToo many connections.\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(full), ignored);
}

}  // namespace docksweep::web
