// `docksweep containers`: by state, with image and age.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "report/human.hpp"
#include "report/json.hpp"
#include "report/table.hpp"

namespace docksweep::cli {
namespace {

// A container that is being removed may have lost its name.
std::string name_of(const core::container& one) {
  return one.names.empty() ? one.id : one.names.front();
}

std::string as_table(const std::vector<core::container>& containers, const containers_command& what) {
  using report::alignment;
  using report::shortening;
  std::vector<report::column> columns{{.title = "NAME", .shorten = shortening::middle, .least_width = 24},
                                      {.title = "STATE"},
                                      {.title = "STATUS", .shorten = shortening::end, .least_width = 10},
                                      {.title = "IMAGE", .shorten = shortening::middle, .least_width = 16},
                                      {.title = "AGE", .align = alignment::right},
                                      {.title = "ID", .optional = true}};
  if (what.size) columns.insert(columns.begin() + 2, {.title = "WRITABLE", .align = alignment::right});
  report::table table(std::move(columns));
  const auto now = std::chrono::system_clock::now();
  for (const auto& one : containers) {
    const bool is_id = one.image_name.starts_with("sha256:");
    std::vector<std::string> cells{name_of(one),
                                   std::string(to_string(one.state)),
                                   one.status,
                                   is_id && !what.no_trunc ? report::short_id(one.image_name) : one.image_name,
                                   one.created ? report::human_duration(now - *one.created) : "-",
                                   what.no_trunc ? one.id : report::short_id(one.id)};
    if (what.size) cells.insert(cells.begin() + 2, report::human_bytes(one.writable_bytes));
    table.add(std::move(cells));
  }
  return table.text({.width = output_width(), .no_trunc = what.no_trunc, .colour = output_colour()});
}

std::string as_json(std::vector<core::container> containers) {
  core::inventory only;
  only.containers = std::move(containers);
  const auto rows = report::everything(only.containers.size());
  const core::view view(std::move(only));
  std::string text = R"({"containers":)";
  report::write_containers([&text](std::string_view piece) { text += piece; }, view, rows);
  return text += "}\n";
}

std::string summary(const std::vector<core::container>& containers) {
  std::string text = fmt::format("{} container{}", containers.size(), containers.size() == 1 ? "" : "s");
  for (const auto state : core::all_container_states) {
    const auto count = std::ranges::count(containers, state, &core::container::state);
    if (count > 0) text += fmt::format(", {} {}", count, to_string(state));
  }
  return text + "\n";
}

app::task<int> show_containers(session& with, containers_command what) {
  const auto identity = co_await with.engine->identify();
  if (!identity) {
    complain(identity.error().message);
    co_return failed;
  }
  auto listed = co_await with.engine->list_containers(what.filter, what.size);
  if (!listed) {
    complain(listed.error().message);
    co_return failed;
  }
  auto& containers = listed->items;
  std::ranges::sort(containers, {}, [](const auto& one) {
    return std::tuple(one.state != core::container_state::running, one.state, name_of(one), one.id);
  });
  std::string text;
  if (what.quiet) {
    for (const auto& one : containers) text += name_of(one) + "\n";
  } else if (what.json) {
    text = as_json(std::move(containers));
  } else {
    text = as_table(containers, what);
    if (output_width() > 0) text += summary(containers);
  }
  co_return print(text) ? done : failed;
}

}  // namespace

int execute(const global_options& global, const containers_command& what) {
  return in_session(global, [&what](session& with) { return show_containers(with, what); });
}

}  // namespace docksweep::cli
