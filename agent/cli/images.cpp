// `docksweep images`: each image with what removing it alone would give back.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "cli/commands.hpp"
#include "cli/planning.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "report/human.hpp"
#include "report/image_holders.hpp"
#include "report/json.hpp"
#include "report/table.hpp"

namespace docksweep::cli {
namespace {

using row_list = std::vector<std::uint32_t>;  // indices of images in the view

// What is shown of the node. Quiet lists in an order that needs no layers ask the engine for nothing else.
struct judged_node {
  std::unique_ptr<node_facts> facts;  // null: nothing but the listing was read
  std::optional<core::plan> unused;   // by the general keep rules: where verdicts come from
  std::shared_ptr<const core::view> view;
};

bool needs_more_than_a_listing(const images_command& what) {
  return !what.quiet || what.sort == image_order::freed || what.sort == image_order::used;
}

app::task<core::result<judged_node>> read_images(session& with, const images_command& what) {
  judged_node made;
  if (!needs_more_than_a_listing(what)) {
    node_reader reader(*with.engine, with.memory.get());
    const reading_wish listing;
    auto read = co_await reader.read(listing);
    if (!read) co_return std::unexpected(std::move(read).error());
    made.view = read->view;
    co_return made;
  }
  const planning_wish wish{.disks = false, .containers = false};  // they do not change what is said of an image
  auto facts = co_await read_node(with, wish);
  if (!facts) co_return std::unexpected(std::move(facts).error());
  made.facts = *std::move(facts);
  made.view = made.facts->read.view;
  const auto policy = core::everything_unused(with.configuration.values.keep);
  made.unused = core::make_plan(made.facts->picture(), policy, std::chrono::system_clock::now());
  co_return made;
}

core::instant last_use(const judged_node& node, std::uint32_t image) {
  const auto* use = node.facts->usage.images.find(node.view->what().images[image].id);
  return use == nullptr ? core::instant::min() : use->last_used;
}

// "unused": nothing but a policy decides.
std::string shown_verdict(const judged_node& node, std::uint32_t image) {
  const auto why = report::verdict_on_image(*node.unused, *node.view, image).why;
  return why == core::reason::selected ? std::string("unused") : std::string(core::to_string(why));
}

// The images that the filters choose; without any all but the intermediate ones.
app::task<core::result<row_list>> choose(session& with, const core::view& view, const images_command& what) {
  row_list chosen;
  const auto& images = view.what().images;
  std::unordered_set<std::string> wanted;
  if (!what.filter.empty()) {
    auto listed = co_await with.engine->list_images(what.filter);
    if (!listed) co_return std::unexpected(std::move(listed).error());
    for (auto& image : listed->items) wanted.insert(std::move(image.id));
  }
  for (std::uint32_t i = 0; i < images.size(); ++i) {
    if (!what.all && view.states()[i] == core::image_state::intermediate) continue;
    if (what.filter.empty() || wanted.contains(images[i].id)) chosen.push_back(i);
  }
  co_return chosen;
}

std::string first_name(const core::image& image) {
  if (!image.tags.empty()) return image.tags.front();
  return image.digests.empty() ? std::string() : image.digests.front();
}

// Largest, most freed and newest first; names in order, nameless ones last.
bool comes_first(const core::image& a, const core::image& b, image_order by) {
  if (by == image_order::created)
    return a.created.value_or(core::instant::min()) > b.created.value_or(core::instant::min());
  if (by == image_order::size) return a.size.value_or(-1) > b.size.value_or(-1);
  const auto name_a = first_name(a), name_b = first_name(b);
  return name_a.empty() != name_b.empty() ? name_b.empty() : name_a < name_b;
}

void sort(row_list& rows, const judged_node& node, image_order by) {
  const auto& view = *node.view;
  const auto& images = view.what().images;
  std::vector<core::byte_range> freed(images.size());
  if (by == image_order::freed) {
    for (const auto i : rows) freed[i] = view.freed_alone(i);
  }
  std::ranges::sort(rows, [&](std::uint32_t left, std::uint32_t right) {
    if (by == image_order::freed) {
      const auto key = [&freed](std::uint32_t i) { return std::pair(freed[i].at_most, freed[i].at_least); };
      if (key(left) != key(right)) return key(left) > key(right);
    } else if (by == image_order::used) {
      if (last_use(node, left) != last_use(node, right)) return last_use(node, left) < last_use(node, right);
    } else {
      if (comes_first(images[left], images[right], by)) return true;
      if (comes_first(images[right], images[left], by)) return false;
    }
    return left < right;  // by ID, so that two runs show the same
  });
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// "alpine:3.19", "alpine:3.19 +2" with two more tags, "repository@0123456789ab" for one known by digest, "<none>".
std::string shown_name(const core::image& image, bool whole) {
  const auto& names = image.tags.empty() ? image.digests : image.tags;
  if (names.empty()) return "<none>";
  if (whole) return joined(names);
  auto name = names.front();
  if (const auto at = name.find("@sha256:"); at != std::string::npos)
    name = name.substr(0, at + 1) + name.substr(at + 8, 12);
  return names.size() == 1 ? name : fmt::format("{} +{}", name, names.size() - 1);
}

std::string as_table(const judged_node& node, const row_list& rows, bool no_trunc) {
  using report::alignment;
  using report::shortening;
  report::table table({{.title = "IMAGE", .shorten = shortening::middle, .least_width = 20},
                       {.title = "ID", .optional = true},
                       {.title = "SIZE", .align = alignment::right},
                       {.title = "FREED", .align = alignment::right},
                       {.title = "LAST USE", .align = alignment::right},
                       {.title = "VERDICT"},
                       {.title = "STATE", .optional = true},
                       {.title = "AGE", .align = alignment::right, .optional = true},
                       {.title = "USED BY", .align = alignment::right, .optional = true}});
  const auto& view = *node.view;
  const auto now = std::chrono::system_clock::now();
  const report::image_holders holders(view.what().containers);
  for (const auto i : rows) {
    const auto& image = view.what().images[i];
    const auto used_by = holders.of(image).size();
    table.add({shown_name(image, no_trunc), no_trunc ? image.id : report::short_id(image.id),
               report::human_bytes(image.size), report::human_bytes(view.freed_alone(i)),
               report::human_duration(now - last_use(node, i)), shown_verdict(node, i),
               std::string(to_string(view.states()[i])),
               image.created ? report::human_duration(now - *image.created) : "-",
               used_by == 0 ? "" : fmt::format("{}", used_by)});
  }
  return table.text({.width = output_width(), .no_trunc = no_trunc, .colour = output_colour()});
}

std::string as_json(const judged_node& node, const row_list& rows) {
  std::string text = R"({"images":)";
  const report::image_notes notes{.use = &node.facts->usage.images, .judged_by = &*node.unused};
  report::write_images([&text](std::string_view piece) { text += piece; }, *node.view, rows, &notes);
  return text += "}\n";
}

// For a person who reads the whole list; not part of what a pipe gets.
std::string summary(const core::view& view, std::size_t shown) {
  return fmt::format("{} image{} shown; layers on this node {}, not in use {}\n", shown, shown == 1 ? "" : "s",
                     report::human_bytes(view.layers().total()), report::human_bytes(view.reclaimable()));
}

app::task<int> show_images(session& with, images_command what) {
  auto node = co_await read_images(with, what);
  if (!node) {
    complain(node.error().message);
    co_return failed;
  }
  auto rows = co_await choose(with, *node->view, what);
  if (!rows) {
    complain(rows.error().message);
    co_return failed;
  }
  sort(*rows, *node, what.sort);
  std::string text;
  if (what.quiet) {
    for (const auto i : *rows) text += node->view->what().images[i].id + "\n";
  } else {
    text = what.json ? as_json(*node, *rows) : as_table(*node, *rows, what.no_trunc);
    if (!what.json && output_width() > 0) text += summary(*node->view, rows->size());
  }
  const bool printed = print(text);
  // A script that lists images need not be told each time that no agent runs.
  if (node->facts != nullptr) say_what_is_unknown(*node->facts, output_width() > 0);
  co_return printed ? done : failed;
}

}  // namespace

int execute(const global_options& global, const images_command& what) {
  return in_session(global, [&what](session& with) { return show_images(with, what); });
}

}  // namespace docksweep::cli
