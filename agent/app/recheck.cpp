#include "app/recheck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace docksweep::app {
namespace {

using kind = recheck_result::kind;

recheck_result keep(core::reason why, std::string problem) {
  recheck_result found;
  found.what = kind::keep;
  found.why = why;
  found.problem = std::move(problem);
  return found;
}

recheck_result ends(std::string problem, core::sweep_outcome outcome = core::sweep_outcome::failed) {
  recheck_result found;
  found.what = kind::end;
  found.outcome = outcome;
  found.problem = std::move(problem);
  return found;
}

recheck_result just(kind what, std::string problem = {}) {
  recheck_result found;
  found.what = what;
  found.problem = std::move(problem);
  return found;
}

// What a failed call means. One odd object is kept; a listing that fails is a partial view, which ends the sweep.
recheck_result from(const core::failure& why, bool listing) {
  throw_if_cancelled(why);
  switch (why.code) {
    case core::failure_code::unreachable:
      return just(kind::lost, why.message);
    case core::failure_code::timeout:
      return ends("engine_slow: it did not answer in time: " + why.message);
    case core::failure_code::not_found:
      if (!listing) return just(kind::gone);
      break;
    default:
      break;
  }
  if (listing) return ends("partial view: the containers that may hold it cannot be listed: " + why.message);
  return keep(core::reason::unreadable, "it cannot be looked at: " + why.message);
}

std::string name_of(const core::container& one) {
  return one.names.empty() ? one.id.substr(0, 12) : one.names.front();
}

recheck_result judge_container(const known_container& planned, core::container_details now) {
  const bool live = core::is_live(now.state);
  if (live || now.state != planned.state) {
    return keep(live ? core::reason::in_use : core::reason::min_age,
                fmt::format("it is {} now, and was {} in the plan", core::to_string(now.state),
                            core::to_string(planned.state)));
  }
  if (!planned.image_id.empty() && now.image_id != planned.image_id) {
    return keep(core::reason::min_age, "it is made of another image than in the plan");
  }
  const bool ran = planned.knows_end ? now.finished_at != planned.finished_at
                                     : now.finished_at && *now.finished_at > planned.planned_at;
  if (ran) return keep(core::reason::min_age, "it has run since the plan was made");
  recheck_result found;
  found.container = std::move(now);
  return found;
}

}  // namespace

// Too slow ends a sweep, slow pauses it: the node comes first.
std::optional<recheck_result> recheck::pace(moment asked_at) const {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(options_.steady() - asked_at);
  const auto text = fmt::format("the engine took {} ms to answer", took.count());
  if (took > options_.too_slow) {
    return ends(fmt::format("engine_slow: {} (more than {} ms)", text, options_.too_slow.count()));
  }
  if (took > options_.slow) return just(kind::slow, text);
  return std::nullopt;
}

task<bool> recheck::again(recheck_result& found, std::chrono::milliseconds& rested) {
  if (found.what == kind::lost) {
    log_.log(log_level::warn, "sweep_waits", {{"why", "the engine is lost: " + found.problem}});
    auto waiting = brake_.await_engine();
    const bool back = co_await std::move(waiting);
    if (back && !brake_.stopped() && rested < options_.rests_at_most) {
      // One that answers, and drops this very question, is not asked without a pause.
      rested += std::max(options_.ask_again, std::chrono::milliseconds(1));
      auto resting = brake_.rest(options_.ask_again);
      co_await std::move(resting);
      co_return true;
    }
    found = brake_.stopped() ? ends("stopped: " + *brake_.stopped(), core::sweep_outcome::stopped)
                             : ends("the engine is lost: " + found.problem);
    co_return false;
  }
  if (found.what != kind::slow) co_return false;
  if (rested >= options_.rests_at_most) {
    found = ends(fmt::format("engine_slow: still slow after {} s of waiting: {}",
                             std::chrono::duration_cast<std::chrono::seconds>(rested).count(), found.problem));
    co_return false;
  }
  log_.log(log_level::warn, "sweep_waits", {{"why", found.problem}});
  rested += std::max(options_.rest, std::chrono::milliseconds(1));
  auto resting = brake_.rest(options_.rest);
  const bool go_on = co_await std::move(resting);
  if (!go_on) found = ends("stopped: " + *brake_.stopped(), core::sweep_outcome::stopped);
  co_return go_on;
}

task<recheck_result> recheck::image(std::string asked, known_image planned) {
  std::chrono::milliseconds rested{0};
  for (;;) {
    auto looking = image_once(asked, planned);
    auto found = co_await std::move(looking);
    auto asking = again(found, rested);
    const bool once_more = co_await std::move(asking);
    if (!once_more) co_return found;
  }
}

task<recheck_result> recheck::image_once(std::string asked, const known_image& planned) {
  const auto began = options_.steady();
  auto finding = engine_.find_image(asked);
  const auto found = co_await std::move(finding);
  if (!found) co_return from(found.error(), false);
  if (auto slow = pace(began)) co_return std::move(*slow);
  if (!*found) co_return just(kind::gone);
  const core::image& now = **found;
  if (now.id != planned.id) {
    co_return keep(core::reason::min_age, fmt::format("the name {} now means another image ({})", asked, now.id));
  }
  std::vector<std::string> names = now.tags;
  names.insert(names.end(), now.digests.begin(), now.digests.end());
  for (const std::string& name : names) {
    if (std::ranges::find(planned.names, name) != planned.names.end()) continue;
    // The containerd store names each image by its own ID as a digest; its listings show one such name, inspect all.
    if (name.ends_with("@" + now.id)) continue;
    co_return keep(core::reason::min_age, fmt::format("it has got a new name since the plan was made: {}", name));
  }
  auto holding = image_holders(planned, std::move(names));
  co_return co_await std::move(holding);
}

task<recheck_result> recheck::image_holders(const known_image& planned, std::vector<std::string> names) {
  const auto began = options_.steady();
  auto listing = engine_.holders_of_image(planned.id);
  const auto holders = co_await std::move(listing);
  if (!holders) co_return from(holders.error(), true);
  if (holders->unreadable > 0) {
    co_return ends(fmt::format("partial view: {} of the containers that may hold {} cannot be read",
                               holders->unreadable, names.empty() ? planned.id : names.front()));
  }
  if (auto slow = pace(began)) co_return std::move(*slow);
  for (const core::container& one : holders->items) {
    if (planned.without.contains(one.id)) continue;
    co_return keep(core::reason::in_use, fmt::format("container {} ({}) holds it", name_of(one), to_string(one.state)));
  }
  co_return recheck_result();
}

task<recheck_result> recheck::container(known_container planned) {
  std::chrono::milliseconds rested{0};
  for (;;) {
    auto looking = container_once(planned);
    auto found = co_await std::move(looking);
    auto asking = again(found, rested);
    const bool once_more = co_await std::move(asking);
    if (!once_more) co_return found;
  }
}

task<recheck_result> recheck::container_once(const known_container& planned) {
  const auto began = options_.steady();
  auto inspecting = engine_.container_details(planned.id);
  auto found = co_await std::move(inspecting);
  if (!found) co_return from(found.error(), false);
  if (auto slow = pace(began)) co_return std::move(*slow);
  if (!*found) co_return just(kind::gone);
  co_return judge_container(planned, std::move(**found));
}

task<recheck_result> recheck::volume(known_volume planned) {
  std::chrono::milliseconds rested{0};
  for (;;) {
    auto looking = volume_once(planned);
    auto found = co_await std::move(looking);
    auto asking = again(found, rested);
    const bool once_more = co_await std::move(asking);
    if (!once_more) co_return found;
  }
}

task<recheck_result> recheck::volume_once(const known_volume& planned) {
  const auto began = options_.steady();
  auto listing = engine_.holders_of_volume(planned.name);
  const auto holders = co_await std::move(listing);
  if (!holders) co_return from(holders.error(), true);
  if (holders->unreadable > 0) {
    co_return ends(fmt::format("partial view: {} of the containers that may mount volume {} cannot be read",
                               holders->unreadable, planned.name));
  }
  if (auto slow = pace(began)) co_return std::move(*slow);
  for (const core::container& one : holders->items) {
    if (planned.without.contains(one.id)) continue;
    co_return keep(core::reason::in_use, fmt::format("container {} mounts it", name_of(one)));
  }
  co_return recheck_result();
}

}  // namespace docksweep::app
