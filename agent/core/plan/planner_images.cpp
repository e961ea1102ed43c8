// The images of a plan: which are candidates, and which of them are taken.
#include <algorithm>

#include "core/plan/keeping.hpp"
#include "core/plan/planner.hpp"
#include "core/plan/selection.hpp"

namespace docksweep::core {
namespace {

constexpr const char* child_stays = "frees nothing: a child image stays";
constexpr const char* layers_stay = "frees nothing: images that stay hold all of its layers";

}  // namespace

// Images of the containers that go are judged as if these were gone already.
void planner::judge_images() {
  if (containers_.empty()) {
    states_ = picture_.node.states();
  } else {
    std::vector<bool> goes(node_.containers.size(), false);
    for (const auto& one : containers_) goes[one.container] = true;
    std::vector<container> remaining;
    for (std::size_t i = 0; i < goes.size(); ++i) {
      if (!goes[i]) remaining.push_back(node_.containers[i]);
    }
    states_ = image_states(node_.images, remaining);
  }
  keeper_.emplace(picture_, which_.keep, !which_.archive.empty(), uses_, holders_, rules_, now_);
  const image_selector selector(picture_.node, which_.remove.images, uses_, rules_, now_);
  const auto unreadable = rules_.number("the image's details could not be read");
  const auto intermediate = rules_.number("intermediate: goes with its last child");
  image_rulings_.resize(node_.images.size());
  for (std::uint32_t i = 0; i < node_.images.size(); ++i) {
    auto& verdict = image_rulings_[i];
    if (states_[i] == image_state::in_use) {
      verdict = {.why = reason::in_use};
    } else if (states_[i] == image_state::intermediate) {
      verdict = {.why = reason::not_selected, .rule = intermediate};
    } else if (i >= node_.details.size() || !node_.details[i]) {
      verdict = {.why = reason::unreadable, .rule = unreadable};
    } else if (const auto kept = keeper_->first(i)) {
      verdict = *kept;
    } else if (const auto refused = selector.refuses(i, states_[i])) {
      verdict = *refused;
    } else {
      verdict = {.why = reason::selected, .rule = selector.selecting_rule()};
      images_.push_back(i);
    }
  }
}

void planner::take_images() {
  simulation_.emplace(picture_.node.layers(), states_);
  if (images_.empty()) return;
  if (!goals_.reached(tally_)) leave_out_useless();
  put_in_order(images_, which_.remove.images->order, uses_, *simulation_);
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const auto one = images_[i];
    simulation_->fetch_ahead(images_, i);
    if (goals_.reached(tally_)) {
      image_rulings_[one] = goal_ruling();
    } else {
      take_image(one);
    }
  }
  leave_waiting();
}

// Where even all candidates together would not free what an image holds, no part of them would.
void planner::leave_out_useless() {
  if (untags()) return;
  const bool bytes_alone_count = goals_.only_bytes_lack();
  for (const auto one : images_) simulation_->add(one);
  const auto useless = [&](std::uint32_t one) {
    const bool waits = !simulation_->gone(one);
    if (!waits && (!bytes_alone_count || simulation_->frees_something(one))) return false;
    image_rulings_[one] = {.why = reason::frees_nothing, .rule = rules_.number(waits ? child_stays : layers_stay)};
    return true;
  };
  std::erase_if(images_, useless);
  simulation_->clear();
}

void planner::count_images() {
  tally_.images = simulation_->freed();
  tally_.image_steps = untags() ? simulation_->chosen_count() : simulation_->chosen_and_gone_count();
}

void planner::take_image(std::uint32_t image) {
  const auto taken = simulation_->add(image);
  count_images();
  if (fits(tally_)) return;
  const auto limited = limit_ruling(tally_);
  // Its going may have set free parents that waited: they are what is too much, before it is.
  std::vector<std::uint32_t> parents_first(taken.rbegin(), taken.rend());
  for (const auto one : parents_first) {
    if (one == image || !simulation_->chosen(one)) continue;
    simulation_->drop(one);
    image_rulings_[one] = limited;
    count_images();
    if (fits(tally_)) return;
  }
  simulation_->drop(image);
  image_rulings_[image] = limited;
  count_images();
}

// Parents that still wait for a child: the engine would take their tags and free nothing.
void planner::leave_waiting() {
  if (untags()) return;
  for (const auto one : images_) {
    if (!simulation_->chosen(one) || simulation_->gone(one)) continue;
    simulation_->drop(one);
    image_rulings_[one] = {.why = reason::frees_nothing, .rule = rules_.number(child_stays)};
  }
  count_images();
}

}  // namespace docksweep::core
