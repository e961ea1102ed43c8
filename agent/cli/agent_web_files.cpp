// The certificates, keys and tokens of the web server, which change without the configuration: a Secret that was
// swapped, a renewed certificate.
#include <algorithm>

#include "cli/agent_parts.hpp"

namespace docksweep::cli {

using app::log_level;

std::vector<changed_file> agent::web_files_of(const config::web_settings& web) {
  std::vector<changed_file> files;
  if (web.tls) {
    for (const auto& path : {web.tls->cert, web.tls->key, web.tls->client_ca}) files.emplace_back(path);
  }
  files.emplace_back(web.token_file);
  return files;
}

// A rotation comes in pieces (the certificate, then its key): until all of them fit together the old ones stay, and it
// is tried again with every look, because the last piece may say what it had said before.
void agent::follow_web_files() {
  bool changed = false;
  for (auto& file : web_files_) changed |= file.changed();
  if (!changed && web_files_problem_.empty()) return;
  auto served = server_->reload(web_options(settings_));
  if (served) {
    parts_.log.log(log_level::info, "web_files_reloaded", {});
    if (!web_files_problem_.empty() && !config_bad_) {
      parts_.counts.config_loaded(settings_.hash, std::chrono::system_clock::now());
    }
    web_files_problem_.clear();
    return;
  }
  parts_.counts.config_rejected();
  if (served.error().message == web_files_problem_) return;
  web_files_problem_ = served.error().message;
  parts_.log.log(log_level::error, "web_files_rejected",
                 {{"why", web_files_problem_},
                  {"next", "the certificates and tokens from before stay in force; it is tried again every 5 s"}});
}

}  // namespace docksweep::cli
