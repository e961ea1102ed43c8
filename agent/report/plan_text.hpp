// Plans and explanations for people: tables that fit the terminal, and sentences that say what they mean.
#pragma once

#include <string>

#include "core/plan.hpp"
#include "report/explanation.hpp"
#include "report/table.hpp"

namespace docksweep::report {

struct plan_style {
  table_style table;
  bool all = false;  // each kept image and container with its reason
  core::instant now{};
};

// The goal, the steps in order with where the goal is reached, what falls short and why, and how much stays for which
// reason. `title`: "Policy nightly".
std::string plan_text(const core::plan& what, const core::view& node, std::string_view title, const plan_style& style);

// "disk use at /var/lib/docker: 87.0 % now, to be below 70.0 %, 3.4 GB to go"
std::string goal_text(const core::plan_goal& goal);

// The image, then each policy's ruling and the rules that lead to it.
std::string explanation_text(const image_explanation& what, const plan_style& style);

// "in 48 minutes"; "now" for what lies behind.
std::string human_until(core::instant when, core::instant now);

}  // namespace docksweep::report
