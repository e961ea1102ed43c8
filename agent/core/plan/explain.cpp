// Every rule that speaks for or against one image. The verdict is the plan's own; this says what each rule adds to it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_set>

#include "core/plan.hpp"
#include "core/plan/keeping.hpp"
#include "core/plan/names.hpp"
#include "core/plan/selection.hpp"

namespace docksweep::core {
namespace {

std::string amount(std::int64_t count, std::string_view unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

// "12 minutes ago".
std::string ago(instant then, instant now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  if (seconds < 60) return "just now";
  if (seconds < 3600) return amount(seconds / 60, "minute") + " ago";
  if (seconds < 2 * 86400) return amount(seconds / 3600, "hour") + " ago";
  return amount(seconds / 86400, "day") + " ago";
}

// The keys of [keep] as they stand, for rules that do not hold.
std::string rule_as_set(reason which, const keep_rules& keep) {
  const auto list = [](std::string_view key, const auto& items) {
    std::vector<std::string> texts;
    for (const auto& one : items) texts.push_back(one.text());
    return items.empty() ? fmt::format("{} is not set", key) : fmt::format("{} = {}", key, fmt::join(texts, ", "));
  };
  switch (which) {
    case reason::label:
      return list("keep.labels", keep.labels);
    case reason::reference:
      return list("keep.images", keep.images);
    case reason::regex:
      return keep.images_regex ? "keep.images_regex = " + keep.images_regex->text() : "keep.images_regex is not set";
    case reason::container:
      return list("keep.containers", keep.containers);
    case reason::per_repository:
      return fmt::format("keep.per_repository = {}", keep.per_repository);
    case reason::digest_only:
      return fmt::format("keep.digest_only = {}", keep.digest_only);
    case reason::local_only:
      return fmt::format("keep.local_only = {}", keep.local_only);
    default:
      return "keep.min_age = " + print_duration(keep.min_age);
  }
}

std::vector<use_times> uses_of(const node_picture& picture, instant now) {
  std::vector<use_times> uses;
  for (const auto& one : picture.node.what().images) {
    uses.push_back(use_times_of(picture.usage.images, one.id, now));
  }
  return uses;
}

class explainer {
 public:
  explainer(const node_picture& picture, std::size_t index, const policy& which, instant now)
      : picture_(picture),
        which_(which),
        now_(now),
        index_(index),
        node_(picture.node.what()),
        what_(node_.images[index]),
        made_(make_plan(picture, which, now)),
        decided_(made_.verdicts[node_.containers.size() + index]),
        holders_(picture.node),
        uses_(uses_of(picture, now)),
        keeper_(picture, which.keep, !which.archive.empty(), uses_, holders_, rules_, now) {}

  std::vector<finding> run() {
    add_in_use();
    if (state_ == image_state::intermediate) {
      add(reason::not_selected, decided_.action == verdict_action::keep, made_.rule_text(decided_),
          "an untagged image that others were built on: never removed by itself");
    } else {
      add(reason::unreadable, !readable(), "the image's details could not be read",
          readable() ? "inspect and history are known" : "inspect or history failed: its layers are not known");
      add_keep_rules();
      add_selection();
      for (const auto why : {reason::frees_nothing, reason::limit, reason::goal_reached}) {
        if (decided_.why == why) add(why, true, made_.rule_text(decided_), "");
      }
    }
    add_removal();
    return std::move(found_);
  }

 private:
  void add(reason why, bool holds, std::string rule, std::string detail, std::optional<instant> until = {}) {
    found_.push_back(
        {.why = why, .holds = holds, .rule = std::move(rule), .detail = std::move(detail), .until = until});
  }

  bool readable() const { return index_ < node_.details.size() && node_.details[index_]; }

  // As the plan sees it: containers that it removes hold nothing.
  void add_in_use() {
    std::vector<std::string> staying, leaving;
    std::unordered_set<std::string_view> removed;
    for (const auto& step : made_.steps) {
      if (step.kind == target_kind::container) removed.insert(step.id);
    }
    for (const auto one : holders_.of_image(index_)) {
      const auto& holder = node_.containers[one];
      (removed.contains(holder.id) ? leaving : staying).push_back(container_text(holder));
    }
    const bool in_use = decided_.why == reason::in_use;
    state_ = picture_.node.states()[index_];
    if (state_ == image_state::in_use && !in_use) state_ = state_without_containers();
    std::string detail = "no container holds it";
    if (!staying.empty()) {
      detail = fmt::format("held by {}", fmt::join(staying, ", "));
    } else if (!leaving.empty()) {
      detail = fmt::format("held by {}, which this policy removes before", fmt::join(leaving, ", "));
    }
    add(reason::in_use, in_use, "images of containers are never removed", detail);
  }

  image_state state_without_containers() const {
    if (!what_.tags.empty() || !what_.digests.empty()) return image_state::unused;
    const bool is_parent = std::ranges::find(node_.images, what_.id, &image::parent_id) != node_.images.end();
    return is_parent ? image_state::intermediate : image_state::dangling;
  }

  void add_keep_rules() {
    for (const auto why : protecting_reasons) {
      const auto held = keeper_.check(why, index_);
      add(why, held.has_value(), held ? rules_.text(held->rule) : rule_as_set(why, which_.keep), keep_detail(why),
          held ? held->until : std::nullopt);
    }
  }

  std::string keep_detail(reason why) const {
    const auto& use = uses_[index_];
    switch (why) {
      case reason::min_age:
        if (!use.known) return "not seen before: counts as used now";
        return fmt::format("used {}, arrived {}", ago(use.used, now_), ago(use.arrived, now_));
      case reason::local_only:
        if (what_.tags.empty()) return "it has no tag";
        if (const auto first = keeper_.before_removal(index_); first.any()) return to_string(first, which_.archive);
        if (use.origin != image_origin::unknown) return fmt::format("{} on this node", to_string(use.origin));
        return what_.digests.empty() ? "no registry is known to have it" : "it has a digest";
      case reason::digest_only:
        return what_.tags.empty() && !what_.digests.empty() ? "known by digest alone" : "not known by digest alone";
      case reason::reference:
      case reason::regex:
      case reason::per_repository:
        return fmt::format("{}", what_.tags.empty() ? fmt::join(what_.digests, ", ") : fmt::join(what_.tags, ", "));
      default:
        return "";
    }
  }

  void add_selection() {
    const image_selector selector(picture_.node, which_.remove.images, uses_, rules_, now_);
    const auto refused = selector.refuses(index_, state_);
    std::string detail = fmt::format("it is {}", to_string(state_));
    if (refused && refused->until) detail += ", used " + ago(uses_[index_].used, now_);
    add(reason::not_selected, refused.has_value(), rules_.text(refused ? refused->rule : selector.selecting_rule()),
        std::move(detail), refused ? refused->until : std::nullopt);
  }

  void add_removal() {
    const bool goes = decided_.action == verdict_action::remove;
    std::string detail = "it stays";
    for (std::size_t i = 0; i < made_.steps.size() && goes; ++i) {
      const auto& step = made_.steps[i];
      const bool itself = step.kind == target_kind::image && step.id == what_.id;
      if (!itself && std::ranges::find(step.also, what_.id) == step.also.end()) continue;
      detail = fmt::format("step {} of {}{}", i + 1, made_.steps.size(), itself ? "" : ", with its last child");
    }
    add(reason::selected, goes, goes ? made_.rule_text(decided_) : "", std::move(detail));
  }

  const node_picture& picture_;
  const policy& which_;
  const instant now_;
  const std::size_t index_;
  const inventory& node_;
  const image& what_;
  const plan made_;
  const verdict& decided_;
  const image_holders holders_;
  rule_book rules_;
  const std::vector<use_times> uses_;
  const image_keeper keeper_;
  image_state state_ = image_state::in_use;
  std::vector<finding> found_;
};

}  // namespace

std::vector<finding> explain(const node_picture& picture, std::size_t index, const policy& which, instant now) {
  return explainer(picture, index, which, now).run();
}

}  // namespace docksweep::core
