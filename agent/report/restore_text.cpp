#include "report/restore_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "report/plan_parts.hpp"

namespace docksweep::report {
namespace {

namespace json = boost::json;
using outcome = core::restore_outcome;

bool is_well(const core::restored_image& one) {
  return one.outcome == outcome::restored || one.outcome == outcome::already_back;
}

// "repository@sha256:3f57d9401f8d"
std::string shown_source(const std::string& source, bool no_trunc) {
  constexpr std::string_view algorithm = "@sha256:";
  constexpr std::size_t shown_digits = 12;
  const auto at = source.rfind(algorithm);
  return no_trunc || at == std::string::npos ? source : source.substr(0, at + algorithm.size() + shown_digits);
}

std::string from(const core::restoration& one, bool no_trunc) {
  if (one.present) return "it is there";
  if (!one.why_not.empty()) return "cannot: " + one.why_not;
  std::vector<std::string> all;
  for (const auto& source : one.sources) all.push_back(shown_source(source.what, no_trunc));
  return fmt::format("{}", fmt::join(all, ", else "));
}

std::string tags(const core::restoration& one) {
  auto text = fmt::format("{}", fmt::join(one.names, ", "));
  for (const auto& [name, holder] : one.taken) {
    text += fmt::format("{}not {} (another image has it)", text.empty() ? "" : ", ", name);
  }
  return text;
}

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::array texts(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

json::object image_of(const core::restoration& one) {
  json::array taken, sources;
  for (const auto& [name, holder] : one.taken) taken.push_back(json::object{{"name", name}, {"image_id", holder}});
  for (const auto& source : one.sources) sources.emplace_back(source.what);
  return {{"image_id", text_or_null(one.removal.object_id)},
          {"kind", core::to_string(one.removal.kind)},
          {"references", texts(one.removal.references)},
          {"sources", std::move(sources)},
          {"names_taken", std::move(taken)}};
}

std::int64_t count(std::span<const core::restored_image> all, outcome which) {
  return std::ranges::count(all, which, &core::restored_image::outcome);
}

}  // namespace

std::string restored_name(const core::restoration& one) {
  const auto& removal = one.removal;
  return shown_name(removal.references.empty() ? removal.digests : removal.references, removal.object_id);
}

std::string restore_plan_text(std::span<const core::restoration> wanted, const table_style& style) {
  table out({{.title = "IMAGE", .shorten = shortening::middle, .least_width = 16},
             {.title = "FROM", .shorten = shortening::middle, .least_width = 24},
             {.title = "TAGS TO GIVE BACK", .shorten = shortening::end, .least_width = 18}});
  for (const auto& one : wanted) out.add({restored_name(one), from(one, style.no_trunc), tags(one)});
  return out.text(style);
}

std::string restored_line(const core::restored_image& one) {
  auto text = fmt::format("{}: ", restored_name(one.what));
  switch (one.outcome) {
    case outcome::restored:
      text += one.source.empty() ? "has its tags again" : "restored from " + one.source;
      break;
    case outcome::already_back:
      text += "is there with all its tags";
      break;
    case outcome::incomplete:
      text += one.source.empty() ? "is there" : "restored from " + one.source;
      break;
    case outcome::failed:
    case outcome::not_possible:
      text += "not restored";
      break;
  }
  return one.problem.empty() ? text : text + "; " + one.problem;
}

std::string restore_summary(std::span<const core::restored_image> all) {
  const auto back = count(all, outcome::restored);
  const auto there = count(all, outcome::already_back);
  auto text = fmt::format("Restored {} of {} image{}", back, all.size(), all.size() == 1 ? "" : "s");
  text += there > 0 ? fmt::format(", {} {} there already.\n", there, there == 1 ? "was" : "were") : ".\n";
  for (const auto& one : all) {
    if (!is_well(one)) text += restored_line(one) + "\n";
  }
  return text;
}

std::string restore_json(std::optional<std::int64_t> sweep, std::span<const core::restoration> wanted,
                         std::span<const core::restored_image> ended) {
  json::object out{{"sweep", sweep ? json::value(*sweep) : json::value(nullptr)}};
  out["restored"] = count(ended, outcome::restored);
  out["already_back"] = count(ended, outcome::already_back);
  out["not_restored"] = std::ranges::count_if(ended, [](const auto& one) { return !is_well(one); });
  json::array images;
  for (const auto& one : ended) {
    auto image = image_of(one.what);
    image["outcome"] = core::to_string(one.outcome);
    image["source"] = text_or_null(one.source);
    image["names_given"] = texts(one.names_given);
    image["problem"] = text_or_null(one.problem);
    images.push_back(std::move(image));
  }
  for (const auto& one : ended.empty() ? wanted : std::span<const core::restoration>()) {
    auto image = image_of(one);
    image["outcome"] = nullptr;
    image["problem"] = text_or_null(one.why_not);
    images.push_back(std::move(image));
  }
  out["images"] = std::move(images);
  return json::serialize(out) + "\n";
}

}  // namespace docksweep::report
