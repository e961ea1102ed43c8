#include "app/schedule_run.hpp"

#include <algorithm>

namespace docksweep::app {

schedule_answer look_at_schedule(const schedule_rule& rule, core::instant handled, core::instant now) {
  schedule_answer answer{.due = std::nullopt, .missed = 0, .handled = handled};
  if (handled > now + rule.missed_after) answer.handled = now;
  const auto too_old = now - rule.missed_after - rule.offset;  // moments up to this one are missed
  auto moment = rule.expression->next_after(answer.handled, rule.zone);
  while (moment && *moment + rule.offset <= now) {
    auto from = *moment;
    if (*moment > too_old) {
      answer.due = *moment;
    } else if (answer.missed < most_missed) {
      ++answer.missed;
      answer.handled = *moment;
    } else {
      from = answer.handled = too_old;
    }
    moment = rule.expression->next_after(from, rule.zone);
  }
  return answer;
}

std::optional<core::instant> next_run(const schedule_rule& rule, core::instant handled, core::instant now) {
  // A moment whose splay is still to pass may lie before now; one that was handled does not come again, unless a clock
  // that was wrong did so.
  const bool believable = handled <= now + rule.missed_after;
  const auto after = believable ? std::max(now - rule.offset, handled) : now - rule.offset;
  const auto moment = rule.expression->next_after(after, rule.zone);
  if (!moment) return std::nullopt;
  return *moment + rule.offset;
}

}  // namespace docksweep::app
