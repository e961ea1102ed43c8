// `docksweep health`: asks the agent at the address that its configuration names.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <optional>

#include "app/engine.hpp"
#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/run_to_end.hpp"
#include "cli/terminal.hpp"
#include "net/http_client.hpp"
#include "web/address.hpp"

namespace docksweep::cli {
namespace {

constexpr std::chrono::seconds patience{5};  // a probe that takes longer is as good as none

// "Every address" is no address to connect to.
std::string reachable(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

// The first address that can be asked from here; nullopt: there is none.
std::optional<net::endpoint> where_to_ask(const config::web_settings& web) {
  for (const auto& text : web.listen) {
    const auto address = web::parse_listen_address(text);
    if (!address) continue;
    net::endpoint found;
    if (address->how == web::listen_address::kind::unix_socket) {
      found.path = address->path;
      return found;
    }
    if (address->how == web::listen_address::kind::systemd || address->port == 0) continue;
    found.how = web.tls ? net::endpoint::kind::tls : net::endpoint::kind::tcp;
    found.host = reachable(address->host);
    found.port = address->port;
    found.tls.verify = false;
    return found;
  }
  return std::nullopt;
}

app::task<int> ask(boost::asio::any_io_executor executor, net::endpoint where, std::string path) {
  net::http_client client(std::move(executor), std::move(where), {.peer = "the agent"});
  auto asking = client.send({.target = path, .timeout = patience, .body_limit_bytes = 64 << 10});
  const auto answer = co_await std::move(asking);
  if (!answer) {
    complain(answer.error().message);
    co_return failed;
  }
  if (answer->ok()) co_return print(answer->body) ? done : failed;
  complain(fmt::format("the agent at {} answers {}: {}", net::to_string(client.where()), answer->status, answer->body));
  co_return failed;
}

}  // namespace

int execute(const global_options& global, const health_command& what) {
  const auto configuration = configuration_or_complain(global, named_files::not_needed);
  if (!configuration) return bad_usage;
  auto where = where_to_ask(configuration->values.web);
  if (!where) {
    complain(
        "[web] listen has no address that can be asked (\"systemd\" and port 0 are not known here): add one, as in "
        "\"127.0.0.1:9713\"");
    return failed;
  }
  boost::asio::io_context context(1);
  auto asking = ask(context.get_executor(), *std::move(where), what.ready ? "/-/ready" : "/-/healthy");
  return run_to_end(context, std::move(asking));
}

}  // namespace docksweep::cli
