// A request's first line and headers as the agent's routes see them: parsed as by the server, judged, let in or not,
// answered. The first byte says what the server asks for and where the peer is; the rest is what came over the wire.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/invariant.hpp"
#include "support/temp_folder.hpp"
#include "web/handlers.hpp"
#include "web/request_head.hpp"

namespace {

using namespace docksweep;
using fuzz::must;
namespace http = boost::beast::http;

constexpr std::string_view token = "fuzzed-0123456789abcdef";

enum flags : unsigned { with_token = 1, with_client_ca = 2, shows_certificate = 4, from_loopback = 8, from_unix = 16 };

// What the handlers were asked to do in one run: the proof that a refusal came before them.
struct calls {
  int changes = 0, reads = 0;
  std::string policy;
} made;

web::task<core::result<void>> reload() {
  ++made.changes;
  co_return core::result<void>();
}
web::task<core::result<std::string>> plan(std::string policy) {
  ++made.reads;
  made.policy = std::move(policy);
  co_return std::string("{}");
}
web::task<core::result<std::string>> history(web::history_request what) {
  ++made.reads;
  must(what.limit > 0 && what.limit <= 10'000, "a history without a bound");
  co_return std::string("[]");
}

web::task<web::page_figures> page(web::page_request) {
  ++made.reads;
  co_return web::page_figures();
}

web::task<core::result<std::vector<web::alert_answer>>> alerts(core::alert_batch batch) {
  ++made.changes;
  co_return std::vector<web::alert_answer>(batch.alerts.size(), {"queued", {}});
}
web::task<web::sweep_answer> sweep(std::string, bool, std::string) {
  ++made.changes;
  co_return web::sweep_answer{.what = web::sweep_answer::kind::begun, .id = 1};
}
web::task<core::result<std::string>> one_sweep(std::int64_t) {
  ++made.reads;
  co_return std::string("{}");
}

std::vector<web::route> routes() {
  const auto text = std::make_shared<const std::string>("text");
  web::content_source source;
  source.metrics = [text](report::exposition_format, bool) { return text; };
  source.not_ready = [] { return std::string(); };
  source.reload = reload;
  source.inventory = [text] {
    ++made.reads;
    return text;
  };
  source.page = page;
  source.plan = plan;
  source.history = history;
  source.alerts = alerts;
  source.sweep = sweep;
  source.one_sweep = one_sweep;
  return web::make_routes(std::move(source));
}

// One of each configuration: nothing, token, client_ca, both.
web::credentials& credentials_for(unsigned bits) {
  static const test::temp_folder folder;
  static std::array<web::credentials, 4> all;
  static bool loaded = false;
  if (!loaded) {
    const auto file = folder.file("token");
    std::ofstream(file) << token;
    for (unsigned i = 0; i < all.size(); ++i) {
      web::server_options options;
      if ((i & with_token) != 0) options.token_file = file;
      if ((i & with_client_ca) != 0) options.tls = config::web_tls{"cert", "key", "ca"};
      auto read = web::credentials::load(options);
      must(read.has_value(), "the credentials of the target itself");
      all[i].adopt(std::move(*read));
    }
    loaded = true;
  }
  return all[bits & 3u];
}

template <typename T>
T wait_for(web::task<T> work) {
  boost::asio::io_context io(1);
  std::optional<T> found;
  boost::asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& fault, T value) {
    if (fault) std::rethrow_exception(fault);
    found.emplace(std::move(value));
  });
  io.run();
  must(found.has_value(), "a request without an end");
  return std::move(*found);
}

// Said again, independently of routes.cpp and access.cpp: what must hold of a request that got to its handler.
void check_admitted(const web::request& what, const web::route& target, unsigned bits) {
  const bool certificate = (bits & with_client_ca) != 0 && (bits & shows_certificate) != 0;
  const bool has_token = (bits & with_token) != 0 && what.header("authorization").ends_with(token);
  const bool is_below = target.below && what.path.starts_with(target.path);
  must(what.path == target.path || is_below, "a path was answered by another's handler");
  if (what.method == "POST") {
    must(certificate || has_token, "a POST without a credential was let in");
  } else {
    must(what.method == "GET" || what.method == "HEAD", "a method that nobody knows was let in");
    const bool open = target.what == web::area::probe || target.what == web::area::metrics;
    if ((bits & (with_token | with_client_ca)) != 0) {
      must(target.what == web::area::probe || certificate || has_token, "a reader without a credential was let in");
    } else {
      must(open || (bits & (from_loopback | from_unix)) != 0, "a stranger was shown more than metrics");
    }
  }
}

void check_answer(const web::response& answer) {
  must(answer.status >= 200 && answer.status < 600 && answer.status != 500, "a handler failed");
  for (const auto& [name, value] : answer.headers) {
    must(name.find_first_of("\r\n:") == std::string::npos && value.find_first_of("\r\n") == std::string::npos,
         "a header with a line end");
  }
  if (answer.status == 404 && answer.body) must(answer.body->size() < 2000, "a refusal repeats the request");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned bits = data[0];
  http::request_parser<http::string_body> parser;
  const web::server_limits limits;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(data + 1, size - 1), error);
  if (error || !parser.is_header_done()) return 0;

  const auto& message = parser.get();
  web::request what;
  what.method = std::string(message.method_string());
  for (const auto& field : message) {
    what.headers.emplace_back(web::lower_case(field.name_string()), std::string(field.value()));
  }
  what.from_unix_socket = (bits & from_unix) != 0;
  what.from_loopback = (bits & (from_loopback | from_unix)) != 0;
  what.client_certificate = (bits & shows_certificate) != 0;
  made = {};
  if (const auto fault = web::fault_in_head(message.target(), message.version(), limits.target_bytes, what)) {
    must(fault->status >= 400 && fault->status < 500, "a fault of the request is not a 4xx");
    return 0;
  }
  must(what.path.starts_with('/') && what.path.find('\0') == std::string::npos, "a path that is none");
  must(what.path.size() + what.query.size() <= message.target().size() + 1, "a target grew");  // "http://host" is "/"
  static const auto served = routes();
  const auto admission = wait_for(web::admit(served, credentials_for(bits), {}, what));
  if (admission.refused) {
    check_answer(*admission.refused);
    must(admission.refused->status >= 400, "a refusal that looks like an answer");
    must(made.changes + made.reads == 0, "a refused request got to its handler");
    return 0;
  }
  check_admitted(what, *admission.target, bits);
  check_answer(wait_for(web::perform(*admission.target, what)));
  must(made.changes == 0 || what.method == "POST", "a GET changed something");
  return 0;
}
