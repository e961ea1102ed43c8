#include "web/live_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>
#include <future>

namespace docksweep::web::testing {
namespace {

namespace asio = boost::asio;
using shared_text = std::shared_ptr<const std::string>;

task<core::result<void>> reload_slowly(const test_content* content) {
  ++*content->reloads_begun;
  if (content->reload_takes.count() > 0) {
    asio::steady_timer timer(co_await asio::this_coro::executor, content->reload_takes);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return content->reloaded;
}

// Echoes what it was asked for, after a while.
task<core::result<std::string>> plan_slowly(const test_content* content, std::string policy) {
  if (content->plan_takes.count() > 0) {
    asio::steady_timer timer(co_await asio::this_coro::executor, content->plan_takes);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (!content->has_plan) co_return core::fail(core::failure_code::unreachable, "The engine does not answer.");
  if (policy == "nope") co_return core::fail(core::failure_code::not_found, "There is no policy nope; there are nightly.");
  co_return R"({"policy":")" + policy + "\"}";
}

task<core::result<std::string>> history_asked_for(const test_content* content, history_request what) {
  if (!content->has_plan) co_return core::fail(core::failure_code::storage, "The state cannot be read.");
  const auto since = what.since ? std::chrono::floor<std::chrono::seconds>(what.since->time_since_epoch()).count() : -1;
  co_return "[" + std::to_string(since) + ",\"" + what.policy + "\"," + std::to_string(what.limit) + "]";
}

// Each alert becomes what its name says.
task<core::result<std::vector<alert_answer>>> take_alerts(const test_content* content, core::alert_batch batch) {
  if (!content->has_plan) co_return core::fail(core::failure_code::unreachable, "No engine is known yet.");
  std::vector<alert_answer> answers;
  for (const auto& one : batch.alerts) answers.push_back({std::string(one.name()), {"nightly"}});
  co_return answers;
}

task<sweep_answer> sweep_by_name(std::string policy, bool dry_run, std::shared_ptr<std::string> last_actor,
                                 std::string actor) {
  using enum sweep_answer::kind;
  *last_actor = std::move(actor);
  const auto echoed = R"({"policy":")" + policy + "\"}";
  if (dry_run) co_return sweep_answer{.what = plan, .plan = echoed};
  if (policy == "observing") co_return sweep_answer{.what = observe, .plan = echoed, .message = "it \"observes\""};
  if (policy == "busy") co_return sweep_answer{.what = conflict, .message = "Another sweep runs."};
  if (policy == "later") co_return sweep_answer{.what = not_now, .message = "The engine does not answer."};
  if (policy == "nope") co_return sweep_answer{.what = unknown, .message = "There is no policy nope; there are nightly."};
  co_return sweep_answer{.what = begun, .id = 17};
}

task<core::result<std::string>> sweep_of_number(std::int64_t id, std::shared_ptr<std::string> last_actor) {
  if (id != 17) co_return core::fail(core::failure_code::not_found, "There is no such sweep.");
  co_return R"({"id":17,"actor":")" + *last_actor + "\"}";
}

task<page_figures> small_page(page_request) {
  page_figures figures;
  figures.host = "node-7";
  figures.version = "0.1.0";
  figures.engine_up = true;
  co_return figures;
}

// Echoes a body: stands for the POST handlers that take one.
task<response> echo(const request* what) {
  co_return text_response(200, what->body);
}

std::vector<route> routes_for(const test_content& content) {
  content_source source;
  const auto text = std::make_shared<const std::string>(content.metrics);
  source.metrics = [text](report::exposition_format, bool gzip) {
    return gzip ? std::make_shared<const std::string>("gzip bytes") : text;
  };
  source.not_ready = [&content] { return content.not_ready; };
  source.reload = [&content] { return reload_slowly(&content); };
  source.inventory = [&content]() -> shared_text {
    return content.has_inventory ? std::make_shared<const std::string>(R"({"images":[]})") : nullptr;
  };
  source.page = small_page;
  source.plan = [&content](std::string policy) { return plan_slowly(&content, std::move(policy)); };
  source.history = [&content](history_request what) { return history_asked_for(&content, std::move(what)); };
  source.alerts = [&content](core::alert_batch batch) { return take_alerts(&content, std::move(batch)); };
  const auto last_actor = std::make_shared<std::string>();
  source.sweep = [last_actor](std::string policy, bool dry_run, std::string actor) {
    return sweep_by_name(std::move(policy), dry_run, last_actor, std::move(actor));
  };
  source.one_sweep = [last_actor](std::int64_t id) { return sweep_of_number(id, last_actor); };
  auto routes = make_routes(std::move(source));
  routes.push_back({.path = "/echo",
                    .name = "echo",
                    .post = [](const request& what) { return echo(&what); },
                    .post_limit_bytes = 1000,
                    .post_needs_length = true});
  return routes;
}

}  // namespace

void counting_telemetry::http_request(std::string_view handler, int code) {
  const std::lock_guard lock(mutex_);
  ++counts_[{std::string(handler), code}];
}

int counting_telemetry::counted(const std::string& handler, int code) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find({handler, code});
  return found == counts_.end() ? 0 : found->second;
}

std::string temporary_folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

template <typename Work>
auto live_server::on_server_thread(Work work) {
  std::packaged_task<decltype(work())()> packaged(std::move(work));
  auto future = packaged.get_future();
  asio::post(io_, [&packaged] { packaged(); });
  return future.get();
}

live_server::live_server(server_options options, test_content content) : content_(std::move(content)) {
  server_ = std::make_unique<server>(io_.get_executor(), std::move(options), routes_for(content_), counts_);
  started_ = server_->start();
  thread_ = std::thread([this] { io_.run(); });
}

live_server::~live_server() {
  stop();
  guard_.reset();
  thread_.join();
  server_.reset();
}

std::string live_server::where(std::size_t index) const {
  return server_->addresses().at(index);
}

core::result<void> live_server::reload(server_options options) {
  return on_server_thread([&] { return server_->reload(std::move(options)); });
}

void live_server::stop() {
  asio::co_spawn(io_, server_->stop(), asio::use_future).get();
}

server_options local_options() {
  server_options options;
  options.listen = {"127.0.0.1:0"};
  options.limits.linger = std::chrono::milliseconds(300);
  return options;
}

server_options options_with_short_limits() {
  auto options = local_options();
  options.limits.header = std::chrono::milliseconds(400);
  options.limits.body = std::chrono::milliseconds(400);
  options.limits.send = std::chrono::milliseconds(1000);
  options.limits.idle = std::chrono::milliseconds(3000);
  return options;
}

}  // namespace docksweep::web::testing
