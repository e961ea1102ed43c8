// What triggers and books remember, in the file: pause, policies, shadows, last uses, the clock. For the store's own
// thread; contracts are those of app::history.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/history.hpp"
#include "store/state_file.hpp"

namespace docksweep::store {

class memory_tables {
 public:
  explicit memory_tables(state_file& file) : file_(file) {}  // outlives this

  core::result<std::optional<core::pause_state>> load_pause();
  core::result<void> save_pause(const std::optional<core::pause_state>& pause);  // fails in a read-only file

  core::result<std::map<std::string, core::policy_memory>> load_policies(const std::string& engine);
  // Agent and commands save about the same policy: of each moment the later one stays, unless it lies in the future of
  // `now` (a clock that was wrong).
  core::result<void> save_policy(const std::string& engine, const core::policy_memory& memory, core::instant now);

  core::result<std::vector<core::shadow_removal>> load_shadows(const std::string& engine, core::instant since);
  core::result<void> save_shadows(const std::string& engine, const std::vector<core::shadow_removal>& shadows);
  core::result<void> forget_shadow(const std::string& engine, const std::string& policy, const std::string& image);

  enum class use_of { images = 0, volumes = 1 };  // the numbers are in files
  core::result<std::vector<core::use_record>> load_use(const std::string& engine, use_of what);
  core::result<void> save_use(const std::string& engine, use_of what, const core::use_book::changes& changes);

  core::result<std::optional<app::history::clock_mark>> load_clock_mark();
  core::result<void> save_clock_mark(const app::history::clock_mark& mark);

 private:
  state_file& file_;
};

}  // namespace docksweep::store
