// The handlers of handlers.hpp, each a few lines over the content source.
#include "web/handlers.hpp"

#include <utility>

#include "report/gzip.hpp"

namespace docksweep::web {
namespace {

using shared_source = std::shared_ptr<const content_source>;

response metrics(const content_source& source, const request& what) {
  const auto format = report::format_for(what.header("accept"));
  const bool gzip = accepts_gzip(what.header("accept-encoding"));
  response answer;
  answer.content_type = report::content_type(format);
  answer.body = source.metrics(format, gzip);
  answer.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (gzip) answer.headers.emplace_back("Content-Encoding", "gzip");
  return answer;
}

response ready(const content_source& source) {
  const auto reason = source.not_ready();
  return reason.empty() ? text_response(200, "docksweep is ready.") : text_response(503, reason);
}

// Takes the source by value: a coroutine outlives the call that makes it.
task<response> reload(shared_source source) {
  auto work = source->reload();
  const auto done = co_await std::move(work);
  if (done) co_return text_response(200, "The configuration was read again.");
  co_return text_response(500, done.error().message);
}

response inventory(const content_source& source, const request& what) {
  auto body = source.inventory();
  if (body) return json_response(what, std::move(body));
  const auto reason = source.not_ready();
  return text_response(503, reason.empty() ? "There is no view of the engine right now." : reason);
}

task<response> index(shared_source source, const request& what) {
  const auto asked = page_request_from(what.query);
  if (!asked) co_return text_response(400, asked.error());
  auto work = source->page(*asked);
  const auto figures = co_await std::move(work);
  response answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = std::make_shared<const std::string>(render_page(figures, *asked));
  answer.headers.emplace_back("Content-Security-Policy", page_security_policy());
  answer.headers.emplace_back("X-Frame-Options", "DENY");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  answer.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  co_return answer;
}

}  // namespace

response json_response(const request& what, std::shared_ptr<const std::string> body) {
  const bool gzip = accepts_gzip(what.header("accept-encoding"));
  if (gzip) {
    const auto packed = report::deflate_part(*body, report::part_place::last);
    body = std::make_shared<const std::string>(report::gzip_of({&packed}));
  }
  response answer;
  answer.content_type = "application/json";
  answer.body = std::move(body);
  answer.headers.emplace_back("Vary", "Accept-Encoding");
  answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  if (gzip) answer.headers.emplace_back("Content-Encoding", "gzip");
  return answer;
}

std::vector<route> make_routes(content_source source) {
  const auto shared = std::make_shared<const content_source>(std::move(source));
  std::vector<route> routes;
  routes.push_back({.path = "/", .name = "index", .what = area::page, .fetch = [shared](const request& what) {
                      return index(shared, what);
                    }});
  routes.push_back({.path = "/metrics", .name = "metrics", .what = area::metrics, .get = [shared](const request& what) {
                      return metrics(*shared, what);
                    }});
  routes.push_back({.path = "/-/healthy", .name = "healthy", .what = area::probe, .get = [](const request&) {
                      return text_response(200, "docksweep is healthy.");
                    }});
  routes.push_back({.path = "/-/ready", .name = "ready", .what = area::probe, .get = [shared](const request&) {
                      return ready(*shared);
                    }});
  routes.push_back({.path = "/-/reload",
                    .name = "reload",
                    .what = area::api,
                    .post = [shared](const request&) { return reload(shared); },
                    .post_limit_bytes = 4096});
  routes.push_back(
      {.path = "/api/v1/inventory", .name = "inventory", .what = area::api, .get = [shared](const request& what) {
         return inventory(*shared, what);
       }});
  add_record_routes(routes, shared);
  add_alert_routes(routes, shared);
  add_sweep_routes(routes, shared);
  return routes;
}

}  // namespace docksweep::web
