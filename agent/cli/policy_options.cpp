// The options of plan, explain, sweep, remove, pause, resume and history.
#include <fmt/format.h>

#include <algorithm>

#include "cli/help.hpp"
#include "cli/options.hpp"

namespace docksweep::cli {
namespace {

constexpr auto json_help = "For programs: bytes as integers, times as RFC 3339";
constexpr auto no_trunc_help = "Whole names and IDs, however wide";

void add_plan(CLI::App& app, choices& into, chooser& which) {
  auto* plan = add_command(app, "plan", "What a policy would remove now, and why the rest stays", help::plan);
  auto& options = into.plan;
  plan->add_option("POLICY", options.policy, "Its name; none: everything unused")->type_name(" ");
  plan->add_flag("-a,--all,-v,--verbose", options.all, "Each image and container that stays, with its reason");
  plan->add_flag("-q,--quiet", options.quiet, "One ID (container: name) per line, for pipes");
  plan->add_flag("--no-trunc", options.no_trunc, no_trunc_help);
  plan->add_flag("--json", options.json, json_help);
  which.emplace_back(plan, [](const choices& chosen) -> command { return chosen.plan; });
}

void add_explain(CLI::App& app, choices& into, chooser& which) {
  auto* explain = add_command(app, "explain", "Every rule for or against one image", help::explain);
  auto& options = into.explain;
  explain->add_option("IMAGE", options.image, "Tag, digest, ID, or the start of an ID")->type_name(" ")->required();
  explain->add_flag("--no-trunc", options.no_trunc, "Whole texts, however wide");
  explain->add_flag("--json", options.json, json_help);
  which.emplace_back(explain, [](const choices& chosen) -> command { return chosen.explain; });
}

void add_sweep(CLI::App& app, choices& into, chooser& which) {
  auto* sweep = add_command(app, "sweep", "Run a policy now", help::sweep);
  auto& options = into.sweep;
  sweep->add_option("POLICY", options.policy, "Its name in the configuration")->type_name(" ")->required();
  sweep->add_flag("-y,--yes", options.yes, "Do not ask");
  sweep
      ->add_option_function<std::string>(
          "--archive",
          [&options](const std::string& folder) {
            if (!folder.starts_with('/')) throw CLI::ValidationError("--archive", "the path of a folder begins with /");
            options.archive = folder;
          },
          "Save what no registry is known to have there first")
      ->type_name("FOLDER");
  sweep->add_flag("--enforce", options.enforce, "Remove although the mode is observe");
  sweep->add_flag("-q,--quiet", options.quiet, "Only what went: one ID (container: name) per line");
  sweep->add_flag("--no-trunc", options.no_trunc, no_trunc_help);
  sweep->add_flag("--json", options.json, "Plan and record as one document");
  which.emplace_back(sweep, [](const choices& chosen) -> command { return chosen.sweep; });
}

void take_override(remove_command& into, const std::string& rule) {
  if (rule == "min_age") {
    into.even_min_age = true;
  } else if (rule == "local_only") {
    into.even_local_only = true;
  } else {
    throw CLI::ValidationError("--even-if",
                               fmt::format("'{}' is neither min_age nor local_only: the other rules hold", rule));
  }
}

void add_remove(CLI::App& app, choices& into, chooser& which) {
  auto* remove = add_command(app, "remove", "Remove images, tags or containers by name", help::remove);
  auto& options = into.remove;
  remove->add_option("NAME", options.names, "An image (tag, digest, ID) or a container (name, ID)")
      ->type_name(" ")
      ->required();
  remove
      ->add_option_function<std::vector<std::string>>(
          "--even-if",
          [&options](const std::vector<std::string>& rules) {
            for (const auto& rule : rules) take_override(options, rule);
          },
          "min_age, local_only: this rule does not hold it")
      ->type_name("RULE")
      ->delimiter(',')
      ->allow_extra_args(false);
  remove->add_flag("-y,--yes", options.yes, "Do not ask");
  remove->add_flag("-q,--quiet", options.quiet, "Only what went: one ID (container: name) per line");
  remove->add_flag("--json", options.json, "Plan and record as one document");
  which.emplace_back(remove, [](const choices& chosen) -> command { return chosen.remove; });
}

void add_pause(CLI::App& app, choices& into, chooser& which) {
  auto* pause = add_command(app, "pause", "No removal until resume", help::pause);
  auto& options = into.pause;
  pause->add_option("REASON", options.reason, "Why: shown to whoever wonders")->type_name(" ")->required();
  pause
      ->add_option_function<std::string>(
          "--for",
          [&options](const std::string& text) {
            auto span = core::parse_duration(text);
            if (!span) throw CLI::ValidationError("--for", span.error().message);
            if (span->count() == 0) throw CLI::ValidationError("--for", "a pause of no length");
            options.span = *span;
          },
          "How long; without it until resume")
      ->type_name("TIME");
  which.emplace_back(pause, [](const choices& chosen) -> command { return chosen.pause; });

  auto* resume = add_command(app, "resume", "End a pause", help::resume);
  which.emplace_back(resume, [](const choices& chosen) -> command { return chosen.resume; });
}

void add_history(CLI::App& app, choices& into, chooser& which) {
  auto* history =
      add_command(app, "history", "What was removed, when, why, and whether it can come back", help::history);
  auto& options = into.history;
  history->add_option("--sweep", options.sweep, "One sweep with each of its removals")
      ->type_name("ID")
      ->check(CLI::PositiveNumber);
  history->add_option("--since", options.since, "7d, 1h30m, 2026-11-20, or RFC 3339")->type_name("WHEN");
  history->add_option("--policy", options.policy, "Only sweeps of this one")->type_name("NAME");
  history->add_option("-n,--limit", options.limit, "Sweeps at most, newest first (default 50)")
      ->type_name("N")
      ->check(CLI::Range(1, 100000));
  history->add_flag("-q,--quiet", options.quiet, "One sweep ID per line, for pipes");
  history->add_flag("--no-trunc", options.no_trunc, no_trunc_help);
  history->add_flag("--json", options.json, json_help);
  which.emplace_back(history, [](const choices& chosen) -> command { return chosen.history; });
}

void add_restore(CLI::App& app, choices& into, chooser& which) {
  auto* restore = add_command(app, "restore", "Bring back what a sweep removed", help::restore);
  auto& options = into.restore;
  restore->add_option("WHAT", options.what, "A sweep, or an image that went")
      ->type_name(" ");
  restore->add_option("--auth-file", options.auth_file, "Credentials, in the form of docker's config.json")
      ->type_name("FILE");
  restore->add_flag("-n,--dry-run", options.dry_run, "Only show what would be done");
  restore->add_flag("-y,--yes", options.yes, "Do not ask");
  restore->add_flag("-q,--quiet", options.quiet, "Only the IDs of what came back, one per line");
  restore->add_flag("--no-trunc", options.no_trunc, no_trunc_help);
  restore->add_flag("--json", options.json, json_help);
  which.emplace_back(restore, [](const choices& chosen) -> command { return chosen.restore; });
}

}  // namespace

void add_policy_commands(CLI::App& app, choices& into, chooser& which) {
  add_plan(app, into, which);
  add_explain(app, into, which);
  add_sweep(app, into, which);
  add_remove(app, into, which);
  add_pause(app, into, which);
  add_history(app, into, which);
  add_restore(app, into, which);
}

}  // namespace docksweep::cli
