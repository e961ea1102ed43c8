// Routing and access for one request; see routes.hpp.
#include "web/routes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

namespace docksweep::web {
namespace {

bool is_get(const request& what) {
  return what.method == "GET" || what.method == "HEAD";
}

bool is_for(const route& target, std::string_view path) {
  if (!target.below) return target.path == path;
  const auto rest = path.substr(std::min(path.size(), target.path.size()));
  return path.starts_with(target.path) && rest.size() > 1 && rest.front() == '/' && !rest.substr(1).contains('/');
}

bool can_get(const route& target) {
  return target.get || target.fetch;
}

response nothing_there(const std::vector<route>& routes) {
  std::string text = "There is nothing at this path. What there is:";
  for (const auto& one : routes) text.append(" ").append(one.path).append(one.below ? "/ID" : "");
  return text_response(404, text);
}

response not_allowed(const route& target) {
  auto answer = text_response(405, "This path does not know that method.");
  answer.headers.emplace_back("Allow", can_get(target) && target.post ? "GET, HEAD, POST"
                                       : can_get(target)              ? "GET, HEAD"
                                                                      : "POST");
  return answer;
}

response too_many_failures() {
  auto answer = text_response(429, "Too many wrong passwords or tokens, or too many at once. Try again in a moment.");
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

}  // namespace

task<admission> admit(const std::vector<route>& routes, credentials& who, std::span<const std::string> names,
                      request& what) {
  admission made;
  const auto found = std::ranges::find_if(routes, [&](const route& one) { return is_for(one, what.path); });
  if (found == routes.end()) {
    made.refused = nothing_there(routes);
    co_return made;
  }
  made.target = &*found;
  const bool post = what.method == "POST";
  if (post ? !found->post : !(is_get(what) && can_get(*found))) {
    made.refused = not_allowed(*found);
    co_return made;
  }
  access_query query{.post = post, .what = found->what};
  query.setup = who.setup();
  if (post || query.what != area::probe) {
    const auto shown = co_await who.authenticate(what);
    if (shown.busy) {
      made.refused = too_many_failures();
      co_return made;
    }
    query.who = shown.who;
    what.user = shown.user;
    query.local = is_local_request(what, names);
    query.same_origin = is_same_origin(what);
  }
  const auto verdict = decide_access(query);
  if (verdict.status != 200) {
    made.refused = text_response(verdict.status, verdict.reason);
    if (verdict.status == 401) add_challenges(*made.refused, query.setup, post);
  }
  co_return made;
}

task<response> perform(const route& target, const request& what) {
  try {
    const bool post = what.method == "POST";
    if (!post && target.get) co_return target.get(what);
    auto work = post ? target.post(what) : target.fetch(what);
    auto answer = co_await std::move(work);
    co_return answer;
  } catch (const boost::system::system_error& fault) {
    if (fault.code() == boost::asio::error::operation_aborted) throw;
    spdlog::error("the handler of {} failed: {}", target.path, fault.what());
  } catch (const std::exception& fault) {
    spdlog::error("the handler of {} failed: {}", target.path, fault.what());
  }
  co_return text_response(500, "The agent could not make this answer; its log says why.");
}

}  // namespace docksweep::web
