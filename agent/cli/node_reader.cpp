// The agent's own inventory does the work; here it is filled once instead of kept fresh.
#include "cli/node_reader.hpp"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/details_reader.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"

namespace docksweep::cli {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;

namespace {

// Inspect and history pairs in flight: as few as the agent has, so that a command is no greater burden.
constexpr std::size_t parallel_details = 4;

// Moves the line on until `until`; does nothing else.
app::task<void> tick(progress_line& line, std::chrono::steady_clock::time_point until) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (std::chrono::steady_clock::now() < until) {
    line.step(0, 0);
    timer.expires_at(std::min(until, std::chrono::steady_clock::now() + std::chrono::milliseconds(200)));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

node_reader::node_reader(app::engine& source, app::store* memory) : source_(source), memory_(memory) {}

app::task<core::result<node_reading>> node_reader::read(reading_wish wish) {
  auto identity = co_await source_.identify();
  if (!identity) co_return std::unexpected(std::move(identity).error());
  inventory_.reset(*identity);
  if (wish.layers && memory_ != nullptr) {
    auto known = co_await memory_->load_image_details(identity->id);
    // A store that cannot be read costs time, nothing else: the engine knows it all.
    if (known) inventory_.remember(*std::move(known));
  }
  const auto listed = co_await list(wish.container_sizes);
  if (!listed) co_return std::unexpected(listed.error());
  if (wish.layers) co_await read_layers();
  if (wish.disk_patience.count() > 0) co_await read_disk(wish);
  found_.view = inventory_.publish();
  co_return found_;
}

app::task<core::result<void>> node_reader::list(bool container_sizes) {
  inventory_.listing_began();
  const auto at = std::chrono::system_clock::now();
  const app::engine_filters all;
  auto images = co_await source_.list_images(all);
  if (!images) co_return std::unexpected(std::move(images).error());
  auto containers = co_await source_.list_containers(all, container_sizes);
  if (!containers) co_return std::unexpected(std::move(containers).error());
  inventory_.apply_listing(*std::move(images), *std::move(containers), at);
  co_return core::result<void>{};
}

app::task<void> node_reader::read_layers() {
  auto lacking = inventory_.lacking_details();
  if (lacking.empty()) co_return;
  const auto total = lacking.size();
  std::size_t seen = 0;
  progress_line line("reading the layers of images", progress_wanted());
  app::details_handler take = [&](const std::string& id, core::result<core::image_details> details) {
    line.step(++seen, total);
    if (!details) {
      // An image that is gone by now is no problem.
      if (details.error().code == core::failure_code::not_found) return;
      if (found_.unknown_layers++ == 0) found_.layers_problem = details.error().message;
      return;
    }
    if (const auto* listed = inventory_.find_image(id)) details->listed_size = listed->size;
    inventory_.apply_details(std::make_shared<const core::image_details>(*std::move(details)));
  };
  const bool all = co_await app::read_details(source_, std::move(lacking), parallel_details, std::move(take));
  if (!all) found_.unknown_layers += static_cast<int>(total - seen);
}

app::task<void> node_reader::read_disk(reading_wish wish) {
  if (memory_ != nullptr && wish.disk_at_most_old.count() > 0) {
    auto kept = co_await memory_->load_disk_usage(inventory_.now().engine);
    if (kept && *kept && std::chrono::system_clock::now() - (*kept)->made_at < wish.disk_at_most_old) {
      inventory_.apply_disk(**std::move(kept));
      found_.disk_from_agent = true;
      co_return;
    }
  }
  co_await ask_for_disk(wish.disk_patience);
}

app::task<void> node_reader::ask_for_disk(std::chrono::milliseconds patience) {
  progress_line line("asking the engine what volumes and build cache hold", progress_wanted());
  auto first = source_.disk_usage() || tick(line, std::chrono::steady_clock::now() + patience);
  auto outcome = co_await std::move(first);
  auto* answer = std::get_if<0>(&outcome);
  if (answer == nullptr) {
    found_.disk_problem = fmt::format("the engine has not answered within {} s",
                                      std::chrono::duration_cast<std::chrono::seconds>(patience).count());
  } else if (!*answer) {
    found_.disk_problem = answer->error().message;
  } else {
    inventory_.apply_disk(**std::move(answer));
  }
}

}  // namespace docksweep::cli
