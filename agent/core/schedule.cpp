// Cron expressions: reading them, and finding the next run across clock changes.
#include "core/schedule.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <vector>

namespace docksweep::core {
namespace {

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct field_rule {
  std::string_view name;
  int least, most;
  std::span<const std::string_view> names;  // the first one is `least`
};

constexpr std::array<field_rule, 5> fields{{{"minute", 0, 59, {}},
                                            {"hour", 0, 23, {}},
                                            {"day of month", 1, 31, {}},
                                            {"month", 1, 12, month_names},
                                            {"day of week", 0, 7, weekday_names}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> shorthands{{{"@hourly", "0 * * * *"},
                                                                                   {"@daily", "0 0 * * *"},
                                                                                   {"@midnight", "0 0 * * *"},
                                                                                   {"@weekly", "0 0 * * 0"},
                                                                                   {"@monthly", "0 0 1 * *"},
                                                                                   {"@yearly", "0 0 1 1 *"},
                                                                                   {"@annually", "0 0 1 1 *"}}};

struct piece {
  std::string_view text;
  std::size_t offset;
};

std::vector<piece> split(std::string_view text, std::size_t offset, std::string_view separators, bool keep_empty) {
  std::vector<piece> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto to = std::min(text.find_first_of(separators, from), text.size());
    if (keep_empty || to > from) out.push_back({text.substr(from, to - from), offset + from});
    from = to + 1;
  }
  return out;
}

std::unexpected<text_fault> bad(std::size_t offset, std::string message) {
  return std::unexpected(text_fault{std::move(message), offset});
}

parsed<int> number(piece what, const field_rule& rule) {
  std::string lowered(what.text);
  std::ranges::transform(lowered, lowered.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto named = std::ranges::find(rule.names, lowered);
  if (named != rule.names.end()) return rule.least + static_cast<int>(named - rule.names.begin());
  const bool digits = !lowered.empty() && lowered.size() <= 4 &&
                      std::ranges::all_of(lowered, [](char c) { return c >= '0' && c <= '9'; });
  const auto allowed =
      fmt::format("{} takes {} to {}{}, lists (1,2), ranges (1-5) and steps (*/5)", rule.name, rule.least, rule.most,
                  rule.names.empty() ? "" : " or English names of three letters");
  if (!digits) return bad(what.offset, fmt::format("\"{}\" is not understood: {}", what.text, allowed));
  const int value = std::stoi(lowered);
  if (value < rule.least || value > rule.most) {
    return bad(what.offset, fmt::format("{} is out of range: {}", what.text, allowed));
  }
  return value;
}

// "*", "5", "1-5", each range with "/n".
parsed<std::uint64_t> item(piece what, const field_rule& rule) {
  const auto slash = what.text.find('/');
  const piece range{what.text.substr(0, slash), what.offset};
  int from = rule.least, to = rule.most, step = 1;
  if (range.text != "*") {
    const auto dash = range.text.find('-');
    const auto first = number({range.text.substr(0, dash), range.offset}, rule);
    if (!first) return std::unexpected(first.error());
    from = to = *first;
    if (dash != std::string_view::npos) {
      const auto last = number({range.text.substr(dash + 1), range.offset + dash + 1}, rule);
      if (!last) return std::unexpected(last.error());
      to = rule.most == 7 && *last == 0 && from > 0 ? 7 : *last;  // Fri-Sun
      if (to < from) return bad(range.offset, fmt::format("the range {} ends before it begins", range.text));
    } else if (slash != std::string_view::npos) {
      return bad(range.offset, fmt::format("a step needs a range: \"{}-{}{}\" is meant?", range.text,
                                           rule.most == 7 ? 6 : rule.most, what.text.substr(slash)));
    }
  }
  if (slash != std::string_view::npos) {
    const piece steps{what.text.substr(slash + 1), what.offset + slash + 1};
    const bool digits = !steps.text.empty() && steps.text.size() <= 3 &&
                        std::ranges::all_of(steps.text, [](char c) { return c >= '0' && c <= '9'; });
    step = digits ? std::stoi(std::string(steps.text)) : 0;
    if (step < 1) return bad(steps.offset, fmt::format("the step \"{}\" is not a number above 0", steps.text));
  }
  std::uint64_t bits = 0;
  for (int value = from; value <= to; value += step) bits |= 1ULL << (rule.most == 7 ? value % 7 : value);
  return bits;
}

parsed<std::uint64_t> field(piece what, const field_rule& rule) {
  std::uint64_t bits = 0;
  for (const auto& part : split(what.text, what.offset, ",", true)) {
    const auto more = item(part, rule);
    if (!more) return more;
    bits |= *more;
  }
  return bits;
}

}  // namespace

class cron_parser {
 public:
  static parsed<cron> parse(std::string_view text) {
    const auto pieces = split(text, 0, " \t", false);
    cron out;
    if (pieces.size() == 1 && pieces[0].text.starts_with('@')) {
      const auto* found = std::ranges::find(shorthands, pieces[0].text, &decltype(shorthands)::value_type::first);
      if (found == shorthands.end()) {
        return bad(
            pieces[0].offset,
            fmt::format("\"{}\" is not known: @hourly, @daily, @weekly, @monthly, @yearly or five fields", text));
      }
      auto meant = parse(found->second);
      meant->text_ = std::string(text);
      return meant;
    }
    if (pieces.size() != 5) {
      return bad(
          0, fmt::format(
                 "\"{}\" has {} field{}, not five: minute, hour, day of month, month, day of week, as in \"0 2 * * *\"",
                 text, pieces.size(), pieces.size() == 1 ? "" : "s"));
    }
    std::array<std::uint64_t, 5> bits{};
    for (std::size_t i = 0; i < 5; ++i) {
      const auto read = field(pieces[i], fields[i]);
      if (!read) return std::unexpected(read.error());
      bits[i] = *read;
    }
    out.text_ = std::string(text);
    out.minutes_ = bits[0];
    out.hours_ = static_cast<std::uint32_t>(bits[1]);
    out.days_ = static_cast<std::uint32_t>(bits[2]);
    out.months_ = static_cast<std::uint16_t>(bits[3]);
    out.weekdays_ = static_cast<std::uint8_t>(bits[4]);
    out.real_time_ = pieces[1].text.starts_with('*');
    out.any_day_ = pieces[2].text.starts_with('*');
    out.any_weekday_ = pieces[4].text.starts_with('*');
    if (!possible(out)) return bad(pieces[2].offset, fmt::format("\"{}\" names a date that no year has", text));
    return out;
  }

 private:
  static bool possible(const cron& what) {
    if (!what.any_day_ && !what.any_weekday_) return true;  // some day of the week comes in every month
    constexpr std::array<int, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (unsigned month = 1; month <= 12; ++month) {
      if ((what.months_ >> month & 1U) != 0 && std::countr_zero(what.days_) <= longest[month]) return true;
    }
    return false;
  }
};

parsed<cron> cron::parse(std::string_view text) {
  return cron_parser::parse(text);
}

bool cron::matches_day(int year, unsigned month, unsigned day) const {
  if ((months_ >> month & 1U) == 0) return false;
  const date::weekday weekday(date::sys_days(date::year(year) / date::month(month) / date::day(day)));
  const bool by_day = (days_ >> day & 1U) != 0;
  const bool by_weekday = (weekdays_ >> weekday.c_encoding() & 1U) != 0;
  // A star with a step ("*/2") narrows what the other field says; two fields that are set widen each other.
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

// One search for the next run after a moment.
class cron_search {
 public:
  cron_search(const cron& what, instant now, const date::time_zone* zone) : cron_(what), now_(now), zone_(zone) {}

  std::optional<instant> run() const {
    // The day before, because a time that was skipped then may run now; 29 February may be eight years away (2096 to
    // 2104).
    constexpr int days_ahead = 366 * 9;
    const auto first = date::floor<date::days>(local(date::floor<std::chrono::seconds>(now_))) - date::days(1);
    for (int i = 0; i < days_ahead; ++i) {
      const auto day = first + date::days(i);
      if (date::year_month_day(day).year() > last_year) return std::nullopt;
      if (const auto found = on_day(day)) {
        // Where the clock goes back over midnight, the next day's first hour comes before this day's repeated one.
        const auto next = on_day(day + date::days(1));
        return next && *next < *found ? next : found;
      }
    }
    return std::nullopt;
  }

 private:
  static constexpr date::year last_year{2261};  // system_clock counts nanoseconds in 64 bits

  date::local_seconds local(date::sys_seconds when) const {
    return zone_ == nullptr ? date::local_seconds(when.time_since_epoch()) : zone_->to_local(when);
  }

  std::optional<instant> on_day(date::local_days day) const {
    const date::year_month_day ymd(day);
    if (!cron_.matches_day(static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                           static_cast<unsigned>(ymd.day()))) {
      return std::nullopt;
    }
    std::optional<instant> best;
    for (int hour = 0; hour < 24; ++hour) {
      if ((cron_.hours_ >> hour & 1U) == 0) continue;
      for (int minute = 0; minute < 60; ++minute) {
        if ((cron_.minutes_ >> minute & 1U) == 0) continue;
        const auto found = runs_at(day + std::chrono::hours(hour) + std::chrono::minutes(minute));
        if (found && (!best || *found < *best)) best = found;
      }
    }
    return best;
  }

  // The first run after now_ among those that this local time stands for.
  std::optional<instant> runs_at(date::local_seconds when) const {
    const auto later = [&](date::sys_seconds at) { return at > now_ ? std::optional<instant>(at) : std::nullopt; };
    if (zone_ == nullptr) return later(date::sys_seconds(when.time_since_epoch()));
    const auto info = zone_->get_info(when);
    const date::sys_seconds first(when.time_since_epoch() - info.first.offset);
    if (info.result == date::local_info::unique) return later(first);
    if (info.result == date::local_info::nonexistent) return cron_.real_time_ ? std::nullopt : later(info.second.begin);
    const auto found = later(first);
    if (found || !cron_.real_time_) return found;
    return later(date::sys_seconds(when.time_since_epoch() - info.second.offset));
  }

  const cron& cron_;
  instant now_;
  const date::time_zone* zone_;
};

std::optional<instant> cron::next_after(instant now, const date::time_zone* zone) const {
  return cron_search(*this, now, zone).run();
}

}  // namespace docksweep::core
