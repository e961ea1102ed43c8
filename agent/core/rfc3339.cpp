#include "core/rfc3339.hpp"

#include <date/date.h>

namespace docksweep::core {
namespace {

// Reads a text from its beginning; after the first thing that is not there nothing counts.
class reader {
 public:
  explicit reader(std::string_view text) : left_(text) {}

  // A number of exactly so many digits, at most `most`.
  int number(std::size_t digits, int most) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    fine_ = fine_ && value <= most;
    return value;
  }
  void one_of(std::string_view allowed) {
    fine_ = fine_ && !left_.empty() && allowed.contains(left_.front());
    if (fine_) left_.remove_prefix(1);
  }
  bool next_is(char what) const { return fine_ && left_.starts_with(what); }
  bool next_is_digit() const { return fine_ && !left_.empty() && left_.front() >= '0' && left_.front() <= '9'; }
  int digit() {
    fine_ = next_is_digit();
    if (!fine_) return 0;
    const int value = left_.front() - '0';
    left_.remove_prefix(1);
    return value;
  }
  bool ended_well() const { return fine_ && left_.empty(); }

 private:
  std::string_view left_;
  bool fine_ = true;
};

// The decimals of a second, up to milliseconds.
std::chrono::milliseconds fraction(reader& from) {
  if (!from.next_is('.')) return {};
  from.one_of(".");
  int value = from.digit();
  int digits = 1;
  for (; from.next_is_digit(); ++digits) {
    const int next = from.digit();
    if (digits < 3) value = value * 10 + next;
  }
  for (; digits < 3; ++digits) value *= 10;
  return std::chrono::milliseconds(value);
}

std::chrono::minutes offset(reader& from) {
  const bool minus = from.next_is('-');
  if (!minus && !from.next_is('+')) {
    from.one_of("Zz");
    return {};
  }
  from.one_of("+-");
  auto found = std::chrono::minutes(from.number(2, 23) * 60);
  from.one_of(":");
  found += std::chrono::minutes(from.number(2, 59));
  return minus ? -found : found;
}

}  // namespace

std::optional<instant> parse_rfc3339(std::string_view text) {
  reader from(text);
  const date::year year(from.number(4, 9999));
  from.one_of("-");
  const date::month month(static_cast<unsigned>(from.number(2, 12)));
  from.one_of("-");
  const date::day day(static_cast<unsigned>(from.number(2, 31)));
  from.one_of("Tt ");
  std::chrono::milliseconds time = std::chrono::hours(from.number(2, 23));
  from.one_of(":");
  time += std::chrono::minutes(from.number(2, 59));
  from.one_of(":");
  time += std::chrono::seconds(from.number(2, 60));  // a leap second is the first one of the next minute
  time += fraction(from);
  time -= offset(from);
  const date::year_month_day date(year, month, day);
  if (!from.ended_well() || !date.ok()) return std::nullopt;
  const auto since_1970 = std::chrono::milliseconds(date::sys_days(date).time_since_epoch()) + time;
  const std::chrono::milliseconds last = date::sys_days(date::year(2262) / 1 / 1).time_since_epoch();
  if (since_1970 < std::chrono::milliseconds(0) || since_1970 >= last) return std::nullopt;
  return instant(since_1970);
}

}  // namespace docksweep::core
