// One function per command: does it, prints, and returns the exit status.
#pragma once

#include "cli/command_line.hpp"

namespace docksweep::cli {

int execute(const global_options& global, const run_command& what);
int execute(const global_options& global, const images_command& what);
int execute(const global_options& global, const containers_command& what);
int execute(const global_options& global, const df_command& what);
int execute(const global_options& global, const metrics_command& what);
int execute(const global_options& global, const check_config_command& what);
int execute(const global_options& global, const init_command& what);
int execute(const global_options& global, const plan_command& what);
int execute(const global_options& global, const explain_command& what);
int execute(const global_options& global, const sweep_command& what);
int execute(const global_options& global, const remove_command& what);
int execute(const global_options& global, const pause_command& what);
int execute(const global_options& global, const resume_command& what);
int execute(const global_options& global, const history_command& what);
int execute(const global_options& global, const restore_command& what);
int execute(const global_options& global, const pull_command& what);
int execute(const global_options& global, const health_command& what);
int execute(const global_options& global, const reference_command& what);

}  // namespace docksweep::cli
