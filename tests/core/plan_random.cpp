#include "core/plan_random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

namespace docksweep::tests {
namespace {

using core::reason;

random_node_options options_of(std::uint32_t seed) {
  switch (seed % 4) {
    case 0:
      return {12, 0, 0, 30, 40};
    case 1:
      return {14, 25, 10, 20, 50};
    case 2:
      return {10, 0, 0, 0, 30};
    default:
      return {16, 0, 0, 40, 60};
  }
}

class maker {
 public:
  maker(random_plan& into, std::uint32_t seed) : out_(into), random_(seed * 2'654'435'761U + 1) {
    out_.truth = make_random_node(seed, options_of(seed));
    containerd_ = seed % 5 == 4;
    out_.exact = !containerd_ && seed % 4 != 1;
    out_.node.used_images.clear();
  }

  void make() {
    if (containerd_) out_.node.what.engine.store = core::image_store::containerd;
    for (std::size_t i = 0; i < out_.truth.images.size(); ++i) dress_image(i);
    for (auto& one : out_.truth.containers) dress_container(one);
    out_.node.what.images = out_.truth.images;
    out_.node.what.containers = out_.truth.containers;
    add_volumes();
    make_keep();
    make_selection();
    make_goals();
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }
  bool chance(int percent) { return below(100) < percent; }

  void dress_image(std::size_t i) {
    auto& one = out_.truth.images[i];
    auto& more = out_.truth.details[i];
    const bool tagged = !one.tags.empty();
    one.tags.clear();
    for (int k = tagged ? 1 + below(3) : 0; k > 0; --k) {
      one.tags.push_back(fmt::format("team{}/app:{}.{}", below(4), i, k));
    }
    if (!one.digests.empty() || (tagged && chance(70))) {
      one.digests = {fmt::format("team{}/app@sha256:{}", below(4), i)};
      if (chance(30)) one.digests.push_back(fmt::format("team9/app@sha256:{}", i));
    }
    if (chance(10)) one.labels = {{"docksweep.keep", ""}};
    one.created = out_.node.now - std::chrono::hours(below(10'000));
    if (containerd_) {
      more.content_size = below(100'000);
      one.size = *one.size + *more.content_size;
    }
    auto shared = std::make_shared<const core::image_details>(more);
    if (!out_.exact && chance(3)) shared = nullptr;
    out_.node.what.details.push_back(std::move(shared));
    if (chance(4)) return;  // not in the book
    const auto arrived = std::chrono::minutes(below(60 * 1000));
    out_.node.used(one.id, chance(50) ? arrived : std::chrono::minutes(below(static_cast<int>(arrived.count()) + 1)),
                   arrived);
    if (chance(30)) out_.node.origin(one.id, core::image_origin::pulled);
  }

  void dress_container(core::container& one) {
    one.state = core::all_container_states[static_cast<std::size_t>(below(7))];
    if (chance(50)) one.state = core::container_state::exited;
    one.names = {(chance(10) ? "k8s_" : chance(10) ? "precious-" : "c-") + one.id};
    if (chance(10)) one.labels = {{"docksweep.keep", ""}};
    if (chance(10)) one.image_mounts = {out_.truth.images.front().id};
    const auto ago = std::chrono::minutes(below(600));
    one.created = out_.node.now - ago - 1h;
    if (chance(5)) return;  // its inspect failed
    core::container_details more;
    more.id = one.id;
    more.state = one.state;
    if (one.state != core::container_state::created) more.finished_at = out_.node.now - ago;
    more.restart_policy = chance(10) ? "always" : "no";
    more.writable_bytes = chance(10) ? (11 << 20) : below(200'000);
    out_.node.stopped[one.id] = more;
  }

  void add_volumes() {
    for (int i = below(4); i > 0; --i) {
      out_.node.add_volume(fmt::format("volume{}", i), below(300'000), std::chrono::hours(below(10))).anonymous = true;
    }
    if (chance(30)) out_.node.what.disk->build_cache_bytes = 500'000;
    out_.node.what.disk->build_cache_reclaimable_bytes = 200'000;
  }

  void make_keep() {
    auto& keep = out_.node.policy.keep;
    keep.min_age = chance(20) ? 0h : chance(20) ? 300h : 1h;
    keep.local_only = chance(40);
    keep.digest_only = chance(20);
    if (chance(30)) keep.images = {glob("team1/*")};
    if (chance(20)) keep.images_regex = regex("app:[0-3]\\.");
    if (chance(30)) keep.containers = {glob("precious-*")};
    keep.per_repository = chance(25) ? 1 + below(2) : 0;
  }

  void make_selection() {
    auto& remove = out_.node.policy.remove;
    auto& images = *remove.images;
    images.only_dangling = chance(10);
    if (chance(20)) images.unused_for = std::chrono::hours(below(400));
    if (chance(15)) images.references = {glob("team0/*"), glob("team2/*")};
    if (chance(15)) images.larger_than = below(2'000'000);
    images.order = static_cast<core::image_order>(below(3));
    images.untag = chance(15);
    if (chance(60)) {
      remove.containers.emplace();
      if (chance(30)) remove.containers->states.push_back(core::container_state::created);
      if (chance(30)) remove.containers->names = {name("*"), name("!k8s*")};
    }
    if (chance(30)) remove.volumes = core::volume_selection{.anonymous = true, .names = {}};
    if (chance(30)) remove.build_cache = core::build_cache_selection{.over = 100'000};
    if (chance(20)) out_.node.policy.limits.images = 1 + below(6);
    if (chance(20)) out_.node.policy.limits.bytes = 1 + below(4'000'000);
  }

  void make_goals() {
    core::byte_count total = 0;
    for (const auto& [chain, bytes] : out_.truth.true_size) total += bytes;
    out_.node.disk(20'000'000'000, 1'000);
    const auto target = 1'000.0 + static_cast<double>(random_() % static_cast<std::uint32_t>(total + 1));
    if (chance(50)) out_.node.until(core::quantity::disk_free, chance(70) ? target / 2 : target);
    if (chance(15)) out_.node.until(core::quantity::disk, 1 - target / 40'000'000'000);
    if (chance(15)) out_.node.until(core::quantity::images_bytes, static_cast<double>(total) - target / 2);
    if (chance(15)) out_.node.until(core::quantity::images, below(12));
  }

  random_plan& out_;
  std::mt19937 random_;
  bool containerd_ = false;
};

bool holds(const core::container& one, const core::image& held) {
  return one.image_id == held.id || std::ranges::find(one.image_mounts, held.id) != one.image_mounts.end();
}

bool has_keep_label(const core::label_list& labels) {
  return std::ranges::any_of(labels, [](const auto& label) { return label.first == "docksweep.keep"; });
}

std::vector<std::string> names_of(const core::image& one) {
  auto names = one.tags;
  names.insert(names.end(), one.digests.begin(), one.digests.end());
  return names;
}

const core::use_record* use_of(const random_plan& of, const std::string& id) {
  const auto& all = of.node.used_images;
  const auto found = std::ranges::find(all, id, &core::use_record::id);
  return found == all.end() ? nullptr : &*found;
}

// How many tags of the same repository came later than this one.
int newer_tags(const random_plan& of, const core::image& one, const std::string& tag) {
  const auto repository = tag.substr(0, tag.rfind(':'));
  const auto rank = [&](const core::image& image, const std::string& its_tag) {
    const auto* use = use_of(of, image.id);
    return std::tuple(use ? use->first_seen : of.node.now, *image.created, its_tag);
  };
  int newer = 0;
  for (const auto& other : of.truth.images) {
    for (const auto& its_tag : other.tags) {
      if (its_tag.substr(0, its_tag.rfind(':')) != repository) continue;
      if (rank(other, its_tag) > rank(one, tag)) ++newer;
    }
  }
  return newer;
}

std::optional<reason> kept_by(const random_plan& of, const core::image& one) {
  const auto& keep = of.node.policy.keep;
  const auto names = names_of(one);
  if (has_keep_label(one.labels)) return reason::label;
  if (!keep.images.empty() && std::ranges::any_of(names, [](const auto& n) { return n.starts_with("team1/"); })) {
    return reason::reference;
  }
  if (keep.images_regex && std::ranges::any_of(names, [](const auto& n) {
        const auto at = n.find("app:");
        return at != n.npos && n[at + 4] >= '0' && n[at + 4] <= '3' && n[at + 5] == '.';
      })) {
    return reason::regex;
  }
  if (std::ranges::any_of(one.tags, [&](const auto& tag) { return newer_tags(of, one, tag) < keep.per_repository; })) {
    return reason::per_repository;
  }
  if (keep.digest_only && one.tags.empty() && !one.digests.empty()) return reason::digest_only;
  const auto* use = use_of(of, one.id);
  const bool graphdriver = of.node.what.engine.store == core::image_store::graphdriver;
  const bool proved = graphdriver ? !one.digests.empty() : use && use->origin == core::image_origin::pulled;
  if (keep.local_only && !one.tags.empty() && !proved) return reason::local_only;
  if (of.node.now - (use ? use->last_used : of.node.now) < keep.min_age) return reason::min_age;
  return std::nullopt;
}

bool selected(const random_plan& of, const core::image& one) {
  const auto& images = *of.node.policy.remove.images;
  const auto* use = use_of(of, one.id);
  if (images.only_dangling && !names_of(one).empty()) return false;
  if (images.unused_for && of.node.now - (use ? use->last_used : of.node.now) < *images.unused_for) return false;
  if (images.larger_than && *one.size <= *images.larger_than) return false;
  if (images.references.empty()) return true;
  const auto& judged = one.tags.empty() ? one.digests : one.tags;
  return !judged.empty() &&
         std::ranges::all_of(judged, [](const auto& n) { return n.starts_with("team0/") || n.starts_with("team2/"); });
}

}  // namespace

random_plan::random_plan(std::uint32_t seed) {
  maker(*this, seed).make();
  node.load_usage();
}

std::vector<std::uint32_t> random_plan::images_of(const core::plan& made) const {
  std::vector<std::uint32_t> indices;
  for (const auto& id : steps_of(made)) {
    const auto found = std::ranges::find(truth.images, id, &core::image::id);
    indices.push_back(static_cast<std::uint32_t>(found - truth.images.begin()));
  }
  return indices;
}

std::vector<core::container> random_plan::containers_after(const core::plan& made) const {
  auto remaining = node.what.containers;
  for (const auto& id : steps_of(made, core::target_kind::container)) {
    std::erase_if(remaining, [&](const auto& one) { return one.id == id; });
  }
  return remaining;
}

random_node random_plan::truth_after(const core::plan& made) const {
  auto left = truth;
  left.containers.clear();
  for (auto one : containers_after(made)) {
    left.containers.push_back(one);
    for (const auto& mounted : one.image_mounts) {
      one.image_id = mounted;
      left.containers.push_back(one);
    }
  }
  return left;
}

bool naive_is_intermediate(const random_plan& of, const core::image& one, const std::vector<core::container>& after) {
  if (!names_of(one).empty()) return false;
  if (std::ranges::any_of(after, [&](const auto& container) { return holds(container, one); })) return false;
  return std::ranges::any_of(of.truth.images, [&](const auto& other) { return other.parent_id == one.id; });
}

std::optional<reason> naive_reason(const random_plan& of, const core::image& one,
                                   const std::vector<core::container>& after) {
  if (std::ranges::any_of(after, [&](const auto& container) { return holds(container, one); })) return reason::in_use;
  if (naive_is_intermediate(of, one, after)) return reason::not_selected;
  const auto at = static_cast<std::size_t>(&one - of.truth.images.data());
  if (!of.node.what.details[at]) return reason::unreadable;
  if (const auto kept = kept_by(of, one)) return kept;
  return selected(of, one) ? std::nullopt : std::optional(reason::not_selected);
}

std::optional<reason> naive_reason(const random_plan& of, const core::container& one) {
  using core::container_state;
  const bool still = one.state == container_state::exited || one.state == container_state::dead ||
                     one.state == container_state::created;
  if (!still) return reason::in_use;
  const auto found = of.node.stopped.find(one.id);
  if (found == of.node.stopped.end()) return reason::unreadable;
  const auto& more = found->second;
  if (has_keep_label(one.labels)) return reason::label;
  const auto& its_name = one.names.front();
  if (!of.node.policy.keep.containers.empty() && its_name.starts_with("precious-")) return reason::container;
  const auto& selection = of.node.policy.remove.containers;
  if (!selection) return reason::not_selected;
  if (std::ranges::find(selection->states, one.state) == selection->states.end()) return reason::not_selected;
  const bool kubernetes = its_name.starts_with("k8s_");
  const bool by_name = !selection->names.empty();
  if (kubernetes) return reason::not_selected;  // excluded by name where names are given, shielded else
  if (!by_name && (more.restart_policy != "no" || *more.writable_bytes > (10 << 20))) return reason::not_selected;
  const auto since = more.finished_at ? *more.finished_at : *one.created;
  if (of.node.now - since < selection->stopped_for) return reason::not_selected;
  return std::nullopt;
}

bool naive_reached(const random_plan& of, const core::plan& made, const std::vector<bool>& done) {
  auto what = of.node.what;
  core::byte_count other_bytes = 0;
  std::set<std::string> removed;
  for (std::size_t i = 0; i < made.steps.size(); ++i) {
    const auto& step = made.steps[i];
    if (!done[i]) continue;
    if (step.kind == core::target_kind::image) removed.insert(step.id);
    if (step.kind == core::target_kind::volume) other_bytes += step.freed.at_least;
    if (step.kind != core::target_kind::container) continue;
    other_bytes += *of.node.stopped.at(step.id).writable_bytes;
    std::erase_if(what.containers, [&](const auto& one) { return one.id == step.id; });
  }
  const core::view left(what);
  std::vector<std::uint32_t> set;
  for (std::uint32_t i = 0; i < left.what().images.size(); ++i) {
    const auto& one = left.what().images[i];
    const bool held =
        std::ranges::any_of(what.containers, [&](const auto& container) { return holds(container, one); });
    if (removed.contains(one.id) && !held) set.push_back(i);
  }
  const auto gone = left.layers().gone_with(set);
  const auto images = of.node.policy.remove.images->untag ? std::ssize(set) : std::ranges::count_if(set, [&](auto i) {
    return std::ranges::find(gone, i) != gone.end();
  });
  const auto image_bytes = left.layers().freed_by(set).at_least;
  return std::ranges::all_of(made.goals, [&](const core::plan_goal& goal) {
    const auto& disk = of.node.disks.front();
    const auto avail = static_cast<double>(disk.avail_bytes + image_bytes + other_bytes);
    switch (goal.what) {
      case core::quantity::disk_free:
        return avail > goal.target;
      case core::quantity::disk:
        return 1 - avail / static_cast<double>(disk.size_bytes) < goal.target;
      case core::quantity::images_bytes:
        return goal.now - static_cast<double>(image_bytes) < goal.target;
      default:
        return goal.now - static_cast<double>(images) < goal.target;
    }
  });
}

std::string text_of(const core::plan& made) {
  const auto moment = [](const auto& at) { return at ? at->time_since_epoch().count() : -1; };
  std::string text;
  for (const auto& one : made.steps) {
    text += fmt::format("{} {} [{}] {}-{} {}-{} after {} rule {} also [{}] keep {}\n", to_string(one.kind), one.id,
                        fmt::join(one.names, ","), one.freed.at_least, one.freed.at_most, one.cumulative.at_least,
                        one.cumulative.at_most, one.after_step, made.rules[one.rule], fmt::join(one.also, ","),
                        one.keep_bytes);
  }
  for (const auto& one : made.verdicts) {
    text += fmt::format("{} {} {} {} {} {}\n", to_string(one.kind), one.id, to_string(one.action), to_string(one.why),
                        made.rules[one.rule], moment(one.eligible_at));
  }
  for (const auto& one : made.blockers) {
    text += fmt::format("{} {} {}-{}\n", to_string(one.why), one.count, one.bytes.at_least, one.bytes.at_most);
  }
  return text + fmt::format("{} {} {}", made.goal_step.value_or(999), made.shortfall.value_or(-1),
                            fmt::join(made.rules, "\n"));
}

}  // namespace docksweep::tests
