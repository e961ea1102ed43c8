// What stands under [[policy]], key by key.
#include <fmt/format.h>

#include "config/keys.hpp"
#include "config/slots.hpp"

namespace docksweep::config {
namespace {

using namespace std::chrono_literals;
using core::quantity;
using core::threshold;

// One quantity of a list of thresholds, under its own key.
void describe_threshold(key_visitor& v, std::vector<threshold>& place, quantity what, const std::string& key) {
  const auto set = [&place, what](double value) {
    std::erase_if(place, [&](const threshold& t) { return t.what == what; });
    place.push_back({what, value});
  };
  const auto get = [&place, what]() -> std::optional<double> {
    const auto found = std::ranges::find(place, what, &threshold::what);
    if (found == place.end()) return std::nullopt;
    return found->value;
  };
  if (core::unit_of(what) != core::quantity_unit::bytes) {
    const bool whole = core::unit_of(what) == core::quantity_unit::count;
    v.number(key, {.whole = whole, .most = 1e9, .set = set, .get = get});
    return;
  }
  v.text(key, {.what = std::string(an_amount),
               .read = [set](const std::string& text) -> set_fault {
                 const auto value = core::parse_bytes(text);
                 if (!value) return value.error();
                 set(static_cast<double>(*value));
                 return std::nullopt;
               },
               .print = [get]() -> std::optional<std::string> {
                 const auto value = get();
                 if (!value) return std::nullopt;
                 return core::print_bytes(static_cast<core::byte_count>(*value));
               }});
}

void describe_when(key_visitor& v, core::trigger_rules& when) {
  v.text("schedule", optional_of<core::cron>(when.schedule, "a cron expression, as in \"0 2 * * *\"", core::cron::parse,
                                             [](const core::cron& c) { return c.text(); }));
  v.text("time_zone", {.what = "the name of a time zone, as in \"Europe/Berlin\"",
                       .read = [&when](const std::string& text) -> set_fault {
                         auto zone = parse_zone(text);
                         if (!zone) return zone.error();
                         when.time_zone = std::move(zone->name);
                         when.zone = zone->zone;
                         return std::nullopt;
                       },
                       .print = [&when]() -> std::optional<std::string> { return when.time_zone; }});
  v.list("alerts", list_of<core::label_matcher>(when.alerts, "a list of matchers", core::label_matcher::parse));
  for (const auto what : core::all_quantities) describe_threshold(v, when.quantities, what, core::when_key(what));
  v.text("for", duration_of(when.hold, 0s));
}

text_slot selection_word(bool& only_dangling) {
  return word_of<bool>(only_dangling, {{true, "dangling"}, {false, "unused"}});
}

void describe_images(key_visitor& v, std::optional<core::image_selection>& place) {
  auto word = text_slot{.what = "\"dangling\", \"unused\" or a table",
                        .read = [&place](const std::string& text) -> set_fault {
                          place.emplace();
                          return selection_word(place->only_dangling).read(text);
                        },
                        .print = [] { return std::optional<std::string>(); }};
  v.text_or_table(
      "images", word,
      {.present = [&place] { return place.has_value(); },
       .create = [&place] { place.emplace(); },
       .visit =
           [&place](key_visitor& s) {
             using enum core::image_order;
             s.text("which", selection_word(place->only_dangling));
             s.text("unused_for", duration_of(place->unused_for));
             s.list("references", list_of<core::glob>(place->references, "a list of globs", core::glob::compile));
             s.list("labels", list_of<core::label_rule>(place->labels, "a list of labels", core::label_rule::parse));
             s.text("larger_than", bytes_of(place->larger_than));
             s.text("order",
                    word_of<core::image_order>(place->order, {{lru, "lru"}, {oldest, "oldest"}, {largest, "largest"}}));
             s.flag("untag", place->untag);
           }});
}

void describe_remove(key_visitor& v, core::removal_rules& remove) {
  describe_images(v, remove.images);
  auto& containers = remove.containers;
  v.table("containers",
          {.present = [&containers] { return containers.has_value(); },
           .create = [&containers] { containers.emplace(); },
           .visit =
               [&containers](key_visitor& s) {
                 s.list("states",
                        list_of<core::container_state>(containers->states, "a list of states", parse_removable_state));
                 s.text("stopped_for", duration_of(containers->stopped_for, 0s));
                 s.list("names",
                        list_of<core::name_rule>(containers->names, "a list of globs", core::name_rule::parse));
                 s.list("labels",
                        list_of<core::label_rule>(containers->labels, "a list of labels", core::label_rule::parse));
               }});
  auto& cache = remove.build_cache;
  v.table("build_cache", {.present = [&cache] { return cache.has_value(); },
                          .create = [&cache] { cache.emplace(); },
                          .visit = [&cache](key_visitor& s) { s.text("over", bytes_of(cache->over)); }});
  auto& volumes = remove.volumes;
  v.table("volumes", {.present = [&volumes] { return volumes.has_value(); },
                      .create = [&volumes] { volumes.emplace(); },
                      .visit =
                          [&volumes](key_visitor& s) {
                            s.flag("anonymous", volumes->anonymous);
                            s.list("names",
                                   list_of<core::glob>(volumes->names, "a list of globs", core::glob::compile));
                            s.text("unused_for", duration_of(volumes->unused_for));
                          }});
}

void describe_policy(key_visitor& v, core::policy& place) {
  using core::mode;
  const auto section = [](std::function<void(key_visitor&)> visit) { return table_slot{.visit = std::move(visit)}; };
  v.text("name", string_of(place.name, "a name in quotes", parse_any_text));
  v.text("mode", word_of<mode>(place.own_mode, {{mode::observe, "observe"}, {mode::enforce, "enforce"}}));
  v.table("when", section([&place](key_visitor& s) { describe_when(s, place.when); }));
  v.table("until", section([&place](key_visitor& s) {
            for (const auto what : core::all_quantities) {
              if (core::can_be_goal(what)) describe_threshold(s, place.until, what, core::until_key(what));
            }
          }));
  v.table("remove", section([&place](key_visitor& s) { describe_remove(s, place.remove); }));
  v.table("keep", section([&place](key_visitor& s) { describe_keep(s, place.keep); }));
  v.table("limits", section([&place](key_visitor& s) {
            s.number("images", count_of(place.limits.images));
            s.text("bytes", bytes_of(place.limits.bytes));
          }));
  v.text("cooldown", duration_of(place.cooldown, 0s));
  v.list("windows", list_of<core::time_window>(place.windows, "a list of windows", core::time_window::parse));
  v.list("never", list_of<core::time_window>(place.never, "a list of windows", core::time_window::parse));
  v.text("splay", duration_of(place.splay, 0s));
  v.text("archive", string_of(place.archive, "the path of a folder", parse_absolute_path));
}

}  // namespace

void describe_policies(key_visitor& v, std::vector<core::policy>& place, const core::keep_rules& general) {
  v.tables("policy", {.size = [&place] { return place.size(); },
                      .append =
                          [&place, &general] {
                            place.emplace_back();
                            place.back().keep = general;
                          },
                      .visit = [&place](key_visitor& s, std::size_t which) { describe_policy(s, place[which]); },
                      .name = [&place](std::size_t which) { return place[which].name; }});
}

}  // namespace docksweep::config
