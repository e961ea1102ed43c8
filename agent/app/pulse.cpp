// The engine's health from what the calls said; see the header.
#include "app/pulse.hpp"

namespace docksweep::app {
namespace {

constexpr const char* nothing_listed = "the first full listing is not complete yet";

}  // namespace

pulse::pulse() : there_("no engine has answered yet"), lists_(nothing_listed) {
  weigh();
}

void pulse::found_before() {
  found_ = true;
  weigh();
}

bool pulse::learn(std::string& problem, const core::result<void>& outcome) {
  if (!outcome && outcome.error().code == core::failure_code::cancelled) return false;
  problem = outcome ? std::string() : outcome.error().message;
  if (!outcome && problem.empty()) problem = "the engine call failed without a message";
  return weigh();
}

bool pulse::identified(const core::result<void>& outcome) {
  if (outcome) {
    found_ = true;
    answers_.clear();  // identifying asks for /version, too
  }
  return learn(there_, outcome);
}

bool pulse::answered(const core::result<void>& outcome) {
  return learn(answers_, outcome);
}
bool pulse::listed_one(const core::result<void>& outcome) {
  return learn(lists_one_, outcome);
}

bool pulse::listed(const core::result<void>& outcome) {
  if (outcome) lists_one_.clear();
  return learn(lists_, outcome);
}

bool pulse::another_engine() {
  lists_ = nothing_listed;
  lists_one_.clear();
  answers_.clear();
  return weigh();
}

bool pulse::weigh() {
  engine_health next;
  next.absent = !found_;
  for (const std::string* problem : {&there_, &answers_, &lists_one_, &lists_}) {
    if (!problem->empty()) {
      next.problem = *problem;
      break;
    }
  }
  next.up = next.problem.empty();
  next.waiting = next.problem == nothing_listed;
  if (next == health_) return false;
  health_ = std::move(next);
  return true;
}

}  // namespace docksweep::app
