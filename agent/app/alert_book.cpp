#include "app/alert_book.hpp"

#include <algorithm>

namespace docksweep::app {

namespace {

constexpr std::chrono::hours written_again_after{1};

}  // namespace

task<core::result<void>> alert_book::load(std::string engine_id) {
  auto loading = record_.load_alerts(engine_id);
  auto found = co_await std::move(loading);
  if (!found) co_return std::unexpected(std::move(found).error());
  engine_id_ = std::move(engine_id);
  known_.clear();
  for (auto& one : *found) known_.emplace(one.key, std::move(one));
  co_return core::result<void>();
}

const core::alert_record* alert_book::find(const core::alert_key& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

std::vector<core::alert_record> alert_book::waiting_for(std::string_view policy) const {
  std::vector<core::alert_record> all;
  for (const auto& [key, one] : known_) {
    if (one.state == core::alert_state::waiting && key.policy == policy) all.push_back(one);
  }
  std::ranges::sort(all, {}, [](const core::alert_record& one) { return one.key.starts_at; });
  return all;
}

std::size_t alert_book::waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(known_, [](const auto& one) { return one.second.state == core::alert_state::waiting; }));
}

std::vector<core::alert_record> alert_book::waiting_unheard_since(core::instant when) const {
  std::vector<core::alert_record> all;
  for (const auto& [key, one] : known_) {
    if (one.state == core::alert_state::waiting && one.heard_at < when) all.push_back(one);
  }
  return all;
}

task<core::result<std::vector<bool>>> alert_book::add(std::vector<core::alert_record> alerts) {
  auto adding = record_.add_alerts(engine_id_, alerts);
  auto added = co_await std::move(adding);
  if (!added) co_return added;
  bool others_were_first = false;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    if (added->at(i)) known_[alerts[i].key] = alerts[i];
    others_were_first = others_were_first || !known_.contains(alerts[i].key);
  }
  if (!others_were_first) co_return added;
  auto loading = load(engine_id_);
  const auto loaded = co_await std::move(loading);
  if (!loaded) co_return std::unexpected(loaded.error());
  co_return added;
}

task<core::result<std::vector<bool>>> alert_book::move(std::vector<core::alert_key> which, core::alert_state from,
                                                       core::alert_state to) {
  auto moving = record_.move_alerts(engine_id_, which, from, to);
  auto moved = co_await std::move(moving);
  if (!moved) co_return moved;
  for (std::size_t i = 0; i < which.size(); ++i) {
    const auto known = known_.find(which[i]);
    if (moved->at(i) && known != known_.end()) known->second.state = to;
  }
  if (std::ranges::find(*moved, false) == moved->end()) co_return moved;
  auto loading = load(engine_id_);  // another process has moved it
  const auto loaded = co_await std::move(loading);
  if (!loaded) co_return std::unexpected(loaded.error());
  co_return moved;
}

task<core::result<void>> alert_book::hear(std::vector<core::alert_key> which, core::instant now) {
  std::erase_if(which, [&](const core::alert_key& key) {
    const auto* known = find(key);
    return known == nullptr || now - known->heard_at < written_again_after;
  });
  if (which.empty()) co_return core::result<void>();
  for (const auto& key : which) known_.at(key).heard_at = now;
  auto hearing = record_.hear_alerts(engine_id_, std::move(which), now);
  co_return co_await std::move(hearing);
}

}  // namespace docksweep::app
