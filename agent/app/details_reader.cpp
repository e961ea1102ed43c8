// Reads what never changes about images; see the header.
#include "app/details_reader.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace docksweep::app {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

constexpr int failures_that_end_it = 3;

struct reading {
  engine* source;
  std::vector<std::string> ids;
  details_handler on_each;
  std::size_t next = 0;
  int failures_in_a_row = 0;
};

bool about_the_engine(core::failure_code code) {
  using enum core::failure_code;
  return code == unreachable || code == timeout || code == too_old || code == cancelled;
}

task<void> read_in_turn(reading* all) {
  while (all->next < all->ids.size() && all->failures_in_a_row < failures_that_end_it) {
    const std::size_t mine = all->next++;
    auto call = all->source->image_details(all->ids[mine]);
    auto outcome = co_await std::move(call);
    const bool engine_failed = !outcome && about_the_engine(outcome.error().code);
    all->failures_in_a_row = engine_failed ? all->failures_in_a_row + 1 : 0;
    all->on_each(all->ids[mine], std::move(outcome));
  }
}

task<void> side_by_side(reading* all, std::size_t readers) {
  if (readers <= 1) {
    auto last = read_in_turn(all);
    co_await std::move(last);
    co_return;
  }
  auto both = read_in_turn(all) && side_by_side(all, readers - 1);
  co_await std::move(both);
}

}  // namespace

task<bool> read_details(engine& source, std::vector<std::string> ids, std::size_t parallel, details_handler on_each) {
  reading all{&source, std::move(ids), std::move(on_each)};
  auto readers = side_by_side(&all, std::min(parallel, all.ids.size()));
  co_await std::move(readers);
  co_return all.next >= all.ids.size() && all.failures_in_a_row < failures_that_end_it;
}

}  // namespace docksweep::app
