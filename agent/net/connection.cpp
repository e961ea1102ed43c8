// One HTTP/1.1 connection over Beast. One template serves plain streams and TLS.
#include "net/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <optional>

#include "net/resolve.hpp"

namespace docksweep::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::as_tuple;
using asio::awaitable;
using asio::use_awaitable;
using boost::system::error_code;

using plain_stream = beast::basic_stream<asio::generic::stream_protocol>;
using tls_stream = asio::ssl::stream<plain_stream>;

constexpr std::size_t read_buffer_bytes = 32 << 10;
constexpr std::uint32_t header_limit_bytes = 16 << 10;
// A server that refuses a body answers, and then closes: so long its answer may take to come after a failed write.
constexpr std::chrono::seconds last_words(2);

// A body that goes on to whoever wants it, piece by piece.
struct sink_body {
  struct value_type {
    const body_sink* sink = nullptr;
    std::size_t received_bytes = 0;
    std::exception_ptr thrown;  // by the sink: it must not fly through Asio's handlers
  };

  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, error_code& ec) { ec = {}; }
    template <class ConstBufferSequence>
    std::size_t put(const ConstBufferSequence& buffers, error_code& ec) {
      std::size_t taken = 0;
      ec = {};
      try {
        for (const auto& piece : beast::buffers_range_ref(buffers)) {
          taken += piece.size();
          if (body_.sink) (*body_.sink)(std::string_view(static_cast<const char*>(piece.data()), piece.size()));
        }
      } catch (...) {
        body_.thrown = std::current_exception();
        ec = asio::error::operation_aborted;
      }
      body_.received_bytes += taken;
      return taken;
    }
    void finish(error_code& ec) { ec = {}; }

   private:
    value_type& body_;
  };
};

transport_failure explain(const error_code& ec, bool unanswered) {
  using core::failure_code;
  if (ec == beast::error::timeout) return {failure_code::timeout, "no complete answer in time", unanswered};
  if (ec == asio::error::operation_aborted) return {failure_code::cancelled, "cancelled", unanswered};
  if (ec == http::error::body_limit) return {failure_code::too_large, "its answer is larger than the limit", false};
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    return {failure_code::too_large, "the headers of its answer are larger than the limit", false};
  }
  if (ec == http::error::end_of_stream && unanswered) {
    return {failure_code::unreachable, "it closed the connection without an answer", true};
  }
  if (ec == http::error::end_of_stream || ec == http::error::partial_message || ec == asio::error::eof) {
    return {failure_code::unreachable, "it closed the connection in the middle of its answer", unanswered};
  }
  if (ec.category() == http::make_error_code(http::error::bad_version).category()) {
    return {failure_code::malformed, "its answer is not HTTP (" + ec.message() + ")", false};
  }
  return {failure_code::unreachable, ec.message(), unanswered};
}

std::unexpected<transport_failure> failed(const error_code& ec, bool unanswered = true) {
  return std::unexpected(explain(ec, unanswered));
}

http::verb beast_verb(verb what) {
  switch (what) {
    case verb::get:
      return http::verb::get;
    case verb::head:
      return http::verb::head;
    case verb::post:
      return http::verb::post;
    case verb::remove:
      return http::verb::delete_;
  }
  return http::verb::get;
}

transport_failure silence_failure(bool unanswered) {
  return {core::failure_code::timeout, "not a byte came or went", unanswered, true};
}

transport_failure own_failure(core::failure why) {
  transport_failure wrapped{why.code, why.message, false};
  wrapped.own = std::move(why);
  return wrapped;
}

template <class Body>
http::request<Body> beast_head(const http_request& from, const std::string& host) {
  http::request<Body> to(beast_verb(from.what), from.target, 11);
  to.set(http::field::host, host);
  to.set(http::field::user_agent, "docksweep");
  for (const auto& [name, value] : from.headers) to.set(name, value);
  return to;
}

http::request<http::string_body> beast_request(const http_request& from, const std::string& host) {
  auto to = beast_head<http::string_body>(from, host);
  to.body() = from.body;
  // A GET without a body goes out without Content-Length; a POST always says how much it brings.
  if (from.what == verb::post || !from.body.empty()) to.prepare_payload();
  return to;
}

template <class Stream>
class http_connection final : public connection {
 public:
  template <class... Args>
  explicit http_connection(std::string host, Args&&... args)
      : host_(std::move(host)), stream_(std::forward<Args>(args)...) {}

  Stream& stream() { return stream_; }

  awaitable<transport_result<http_response>> exchange(const http_request& request, std::size_t body_limit_bytes,
                                                      deadline until) override {
    parser_.emplace();
    parser_->header_limit(header_limit_bytes);
    if (body_limit_bytes == 0) {
      parser_->body_limit(boost::none);
    } else {
      parser_->body_limit(body_limit_bytes);
    }
    parser_->skip(request.what == verb::head);
    buffer_.reserve(read_buffer_bytes);  // Beast reads 512 bytes at a time into a buffer without capacity
    sent_all_ = true;
    if (request.source) {
      auto both = send_and_receive(request);
      auto head = co_await std::move(both);
      co_return head;
    }
    const auto message = beast_request(request, host_);
    expire(until);
    const auto [write_error, written] = co_await http::async_write(stream_, message, as_tuple(use_awaitable));
    if (write_error) co_return failed(write_error);
    auto reading = read_head();
    auto head = co_await std::move(reading);
    co_return head;
  }

  awaitable<transport_result<std::size_t>> read_body(const body_sink& sink, deadline until) override {
    auto& body = parser_->get().body();
    body.sink = &sink;
    expire(until);
    if (!parser_->is_done()) {
      // The parser itself is passed, never its message: that would lift the body limit.
      const auto [ec, read] = co_await http::async_read(stream_, buffer_, *parser_, as_tuple(use_awaitable));
      if (body.thrown) std::rethrow_exception(body.thrown);
      if (ec) co_return failed(ec, false);
    }
    co_return body.received_bytes;
  }

  awaitable<transport_result<std::size_t>> read_pieces(const body_consumer& consume,
                                                       std::chrono::milliseconds silence) override {
    auto& body = parser_->get().body();
    std::string piece;
    const body_sink collect = [&piece](std::string_view more) { piece += more; };
    body.sink = &collect;
    while (!parser_->is_done()) {
      beast::get_lowest_layer(stream_).expires_after(silence);
      const auto [ec, read] = co_await http::async_read_some(stream_, buffer_, *parser_, as_tuple(use_awaitable));
      if (!piece.empty()) {
        auto consuming = consume(piece);
        const auto consumed = co_await std::move(consuming);
        if (!consumed) co_return std::unexpected(own_failure(consumed.error()));
        piece.clear();
      }
      if (ec == beast::error::timeout) co_return std::unexpected(silence_failure(false));
      if (ec) co_return failed(ec, false);
    }
    body.sink = nullptr;
    co_return body.received_bytes;
  }

  bool reusable() const override {
    return sent_all_ && parser_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0;
  }

  // Anything but "nothing there yet" is an end, or an answer that nobody asked for. It is read and not peeked at: under
  // TLS bytes on the socket may also be session tickets, which this takes in and which are no answer.
  bool stale() override {
    char byte = 0;
    error_code ec;
    beast::get_lowest_layer(stream_).socket().non_blocking(true, ec);
    if (!ec) stream_.read_some(asio::buffer(&byte, 1), ec);
    return ec != asio::error::would_block;
  }

  void rest() override {
    beast::get_lowest_layer(stream_).expires_never();
    parser_.reset();
    buffer_.clear();
    buffer_.shrink_to_fit();
  }

 private:
  awaitable<transport_result<http_response>> read_head() {
    const auto [ec, read] = co_await http::async_read_header(stream_, buffer_, *parser_, as_tuple(use_awaitable));
    if (ec) co_return failed(ec, !parser_->got_some());
    http_response response;
    response.status = static_cast<int>(parser_->get().result_int());
    for (const auto& field : parser_->get()) {
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    co_return response;
  }

  // Listens for the answer while it sends: a server may refuse a body before it has read all of it.
  awaitable<transport_result<http_response>> send_and_receive(const http_request& request) {
    using namespace asio::experimental::awaitable_operators;
    sent_all_ = false;
    std::exception_ptr thrown;
    beast::get_lowest_layer(stream_).expires_never();  // for the read; each write has a time of its own
    auto reading = read_head();
    auto sending = send_pieces(request, thrown);
    auto both = std::move(reading) || std::move(sending);
    auto first = co_await std::move(both);
    if (thrown) std::rethrow_exception(thrown);
    if (first.index() == 1) co_return std::unexpected(std::get<1>(std::move(first)));
    auto head = std::get<0>(std::move(first));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!head && head.error().code == core::failure_code::cancelled &&
        state.cancelled() == asio::cancellation_type::none) {
      co_return std::unexpected(silence_failure(true));  // the write's time was up, and that ended the read as well
    }
    co_return head;
  }

  // Ends only when there can be no answer, or when it is cancelled because one has come.
  awaitable<transport_failure> send_pieces(const http_request& request, std::exception_ptr& thrown) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto message = beast_head<http::empty_body>(request, host_);
    message.chunked(true);
    http::request_serializer<http::empty_body> head(message);
    auto& timed = beast::get_lowest_layer(stream_);
    timed.expires_after(request.silence);
    auto [ec, sent] = co_await http::async_write_header(stream_, head, as_tuple(use_awaitable));
    while (!ec && !sent_all_) {
      core::result<std::string_view> piece;
      try {
        auto asking = request.source();
        auto next = co_await std::move(asking);
        piece = std::move(next);
      } catch (...) {
        thrown = std::current_exception();
        co_return transport_failure{core::failure_code::cancelled, "its body could not be read"};
      }
      if (!piece) co_return own_failure(std::move(piece.error()));
      timed.expires_after(request.silence);
      if (piece->empty()) {
        std::tie(ec, sent) = co_await asio::async_write(stream_, http::make_chunk_last(), as_tuple(use_awaitable));
        sent_all_ = !ec;
      } else {
        const auto chunk = http::make_chunk(asio::buffer(*piece));
        std::tie(ec, sent) = co_await asio::async_write(stream_, chunk, as_tuple(use_awaitable));
      }
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return explain(asio::error::operation_aborted, true);
    if (ec == beast::error::timeout) co_return silence_failure(true);
    asio::steady_timer answer(co_await asio::this_coro::executor);
    answer.expires_after(sent_all_ ? request.timeout : std::chrono::milliseconds(last_words));
    co_await answer.async_wait(as_tuple(use_awaitable));
    co_return ec ? explain(ec, true) : explain(beast::error::timeout, true);
  }

  void expire(deadline until) {
    if (until == no_deadline) {
      beast::get_lowest_layer(stream_).expires_never();
    } else {
      beast::get_lowest_layer(stream_).expires_at(until);
    }
  }

  std::string host_;
  Stream stream_;
  bool sent_all_ = true;  // of the last request: a server may answer before, and still wait for the rest
  beast::flat_buffer buffer_{read_buffer_bytes};
  std::optional<http::response_parser<sink_body>> parser_;
};

// Connects to the first address that answers.
awaitable<transport_result<void>> open(plain_stream& stream, const endpoint& where, deadline until) {
  std::vector<asio::generic::stream_protocol::endpoint> addresses;
  if (where.how == endpoint::kind::unix_socket) {
    addresses.emplace_back(asio::local::stream_protocol::endpoint(where.path));
  } else {
    const auto found = co_await resolve(stream.get_executor(), where.host, where.port, until);
    if (!found) co_return std::unexpected(found.error());
    for (const auto& address : *found) addresses.emplace_back(address);
  }
  error_code ec = asio::error::host_not_found;
  stream.expires_at(until);
  for (const auto& address : addresses) {
    error_code ignored;
    stream.socket().close(ignored);
    std::tie(ec) = co_await stream.async_connect(address, as_tuple(use_awaitable));
    if (!ec || ec == asio::error::operation_aborted || ec == beast::error::timeout) break;
  }
  if (ec) co_return failed(ec);
  if (where.how != endpoint::kind::unix_socket) {
    error_code ignored;  // a dead peer is then noticed, at the latest, by the kernel
    stream.socket().set_option(asio::socket_base::keep_alive(true), ignored);
    set_keep_alive_times(stream.socket().native_handle());
  }
  co_return transport_result<void>{};
}

awaitable<transport_result<std::unique_ptr<connection>>> connect_tls(asio::any_io_executor executor,
                                                                     const endpoint& where, tls_contexts& contexts,
                                                                     deadline until) {
  const auto context = contexts.get(where.tls);
  if (!context) co_return std::unexpected(transport_failure{context.error().code, context.error().message, true});
  auto made = std::make_unique<http_connection<tls_stream>>(host_header(where), executor, **context);
  auto& stream = made->stream();
  error_code not_an_address;
  asio::ip::make_address(where.host, not_an_address);
  if (not_an_address) {  // SSL_set_tlsext_host_name, whose macro casts in C's way
    SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(where.host.c_str()));
  }
  stream.set_verify_callback(asio::ssl::host_name_verification(where.host));
  const auto opened = co_await open(stream.next_layer(), where, until);
  if (!opened) co_return std::unexpected(opened.error());
  const auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_tuple(use_awaitable));
  if (ec) {
    contexts.forget();
    auto reason = explain(ec, true);
    if (reason.code == core::failure_code::unreachable) reason.reason = "TLS handshake failed: " + ec.message();
    co_return std::unexpected(std::move(reason));
  }
  co_return std::unique_ptr<connection>(std::move(made));
}

}  // namespace

awaitable<transport_result<std::unique_ptr<connection>>> connect(asio::any_io_executor executor, const endpoint& where,
                                                                 tls_contexts& contexts, deadline until) {
  if (where.how == endpoint::kind::tls) {
    auto made = co_await connect_tls(executor, where, contexts, until);
    co_return made;
  }
  auto made = std::make_unique<http_connection<plain_stream>>(host_header(where), executor);
  const auto opened = co_await open(made->stream(), where, until);
  if (!opened) co_return std::unexpected(opened.error());
  co_return std::unique_ptr<connection>(std::move(made));
}

}  // namespace docksweep::net
