// `docksweep pull`: one image by reference, with the credential that this machine has for its registry.
#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>

#include "cli/commands.hpp"
#include "cli/pull_display.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "core/reference.hpp"
#include "engine/decode/progress.hpp"
#include "report/human.hpp"

namespace docksweep::cli {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

// What came of it, for people and programs.
struct pulled {
  std::string reference, id, digest, platform;
  bool was_newer = false;
  std::size_t layers = 0;
  std::optional<core::byte_count> bytes = 0;
  double seconds = 0;
};

std::string json_of(const pulled& what, const std::string& error) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? boost::json::value() : boost::json::value(text);
  };
  const auto* status = !error.empty() ? "failed" : what.was_newer ? "downloaded" : "up_to_date";
  const boost::json::object all{{"reference", what.reference},
                                {"id", or_null(what.id)},
                                {"digest", or_null(what.digest)},
                                {"status", status},
                                {"platform", or_null(what.platform)},
                                {"layers", what.layers},
                                {"bytes", what.bytes ? boost::json::value(*what.bytes) : boost::json::value()},
                                {"seconds", what.seconds},
                                {"error", or_null(error)}};
  return boost::json::serialize(all) + "\n";
}

std::string text_of(const pulled& what) {
  auto text = what.digest.empty() ? std::string() : fmt::format("Digest: {}\n", what.digest);
  if (!what.id.empty()) text += fmt::format("ID: {}\n", what.id);
  if (!what.was_newer) return text + fmt::format("{} is up to date\n", what.reference);
  const auto bytes = what.bytes ? report::human_bytes(*what.bytes) + " " : std::string();
  return text + fmt::format("{} was pulled: {}in {:.1f} s\n", what.reference, bytes, what.seconds);
}

// The engine's words, and what to do about them.
std::string explained(const core::failure& why, const core::image_reference& what) {
  using core::failure_code;
  const auto login = what.domain == "docker.io" ? std::string("docker login") : "docker login " + what.domain;
  // "refused" is any other 4xx, too: a platform that makes no sense has nothing to do with credentials.
  const auto meant = engine::pull_failure_code(why.message, failure_code::engine_error);
  if (why.code == failure_code::refused && (meant == failure_code::refused || why.http_status == 0)) {
    return fmt::format(
        "{}; credentials are looked for in --auth-file FILE, [registry] of the configuration, DOCKER_AUTH_CONFIG, and "
        "config.json in DOCKER_CONFIG or ~/.docker (with its credential helpers): '{}' writes one",
        why.message, login);
  }
  if (why.code == failure_code::not_found) {
    return fmt::format("{}; is that its name? A registry tells only those about a private image who may have it: '{}'",
                       why.message, login);
  }
  return why.message;
}

asio::awaitable<int> next_signal() {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM, SIGHUP);
  const int number = co_await signals.async_wait(asio::use_awaitable);
  co_return number;
}

asio::awaitable<void> keep_drawing(pull_display& display) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(std::chrono::milliseconds(250));
    co_await timer.async_wait(asio::use_awaitable);
    display.tick();
  }
}

// A signal ends the call, and with its connection the engine's pull.
app::task<core::result<app::pulled_image>> pull_until_signal(app::container_engine& engine, app::pull_request request,
                                                             pull_display& display) {
  using namespace asio::experimental::awaitable_operators;
  auto pulling =
      engine.pull_image(std::move(request), [&display](const app::transfer_progress& event) { display.take(event); });
  auto signal = next_signal();
  auto drawing = keep_drawing(display);
  auto any = std::move(pulling) || std::move(signal) || std::move(drawing);
  auto first = co_await std::move(any);
  display.end();
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return core::fail(core::failure_code::cancelled, "stopped, and with it the engine's pull: no half image is left");
}

bool same_platform(const std::string& wanted, const std::string& found) {
  return found.empty() || wanted == found || found.starts_with(wanted + "/") || wanted.starts_with(found + "/");
}

// "repository@digest" of this repository, in the engine's spelling; empty: there is none.
std::string digest_in(const core::image& image, const core::image_reference& what) {
  for (const auto& name : image.digests) {
    const auto parsed = core::parse_reference(name);
    if (parsed && parsed->repository() == what.repository()) return parsed->digest;
  }
  return {};
}

// What the engine has now. Docker 20.10 pulls an image of another platform than was asked for, where the registry has
// no other, and calls that a success; 26.1 tells on one of its two stores. On the containerd store an ID may be of
// several platforms, and inspect tells one of them.
app::task<core::result<void>> look_up(app::container_engine& engine, const core::image_reference& what,
                                      const std::string& wanted_platform, pulled& into) {
  auto finding = engine.find_image(what.repository() + (what.digest.empty() ? ":" : "@") + what.version());
  const auto found = co_await std::move(finding);
  if (!found) co_return std::unexpected(found.error());
  if (!*found) {
    co_return core::fail(core::failure_code::not_found, fmt::format("{} was pulled and is gone again", into.reference));
  }
  into.id = (*found)->id;
  if (into.digest.empty()) into.digest = digest_in(**found, what);
  auto identifying = engine.identify();
  const auto who = co_await std::move(identifying);
  if (!who) co_return std::unexpected(who.error());
  auto reading = engine.image_details(into.id);
  const auto details = co_await std::move(reading);
  if (!details) co_return std::unexpected(details.error());
  into.platform = details->platform;
  into.layers = details->diff_ids.size();
  const bool one_platform = who->store == core::image_store::graphdriver;
  if (wanted_platform.empty() || !one_platform || same_platform(wanted_platform, into.platform)) {
    co_return core::result<void>();
  }
  co_return core::fail(core::failure_code::refused,
                       fmt::format("{} was asked for as {}, and the engine pulled it as {}: the registry has no other",
                                   into.reference, wanted_platform, into.platform));
}

pull_display::form form_for(const pull_command& what) {
  using form = pull_display::form;
  if (what.quiet || what.json) return form::nothing;
  return progress_wanted() ? form::screen : form::lines;
}

int tell_failure(const pull_command& what, const pulled& so_far, const std::string& why) {
  if (what.json) print(json_of(so_far, why));
  complain(why);
  return failed;
}

app::task<int> pull(session& with, pull_command what, core::image_reference reference) {
  if (reference.tag.empty() && reference.digest.empty()) {
    reference.tag = "latest";
    if (!what.quiet && !what.json) note("Using default tag: latest");
  }
  pulled so_far{.reference = reference.familiar(), .id = {}, .digest = {}, .platform = {}};
  pull_display display(form_for(what));
  const auto began = clock::now();
  auto pulling = pull_until_signal(*with.engine, {reference.repository(), reference.version(), what.platform}, display);
  auto came = co_await std::move(pulling);
  so_far.layers = display.progress().layers();
  so_far.bytes = display.progress().downloaded();
  so_far.seconds = std::chrono::duration<double>(clock::now() - began).count();
  if (!came) co_return tell_failure(what, so_far, explained(came.error(), reference));
  so_far.digest = came->digest;
  so_far.was_newer = came->was_newer;
  auto looking = look_up(*with.engine, reference, what.platform, so_far);
  const auto looked = co_await std::move(looking);
  if (!looked) co_return tell_failure(what, so_far, looked.error().message);
  const auto text = what.quiet ? so_far.id + "\n" : what.json ? json_of(so_far, {}) : text_of(so_far);
  co_return print(text) ? done : failed;
}

}  // namespace

int execute(const global_options& global, const pull_command& what) {
  auto reference = core::parse_reference(what.reference);
  if (!reference) {
    complain(reference.error().message);
    return bad_usage;
  }
  const session_options options{.auth_file = what.auth_file};
  return in_session(global, [&](session& with) { return pull(with, what, *reference); }, options);
}

}  // namespace docksweep::cli
