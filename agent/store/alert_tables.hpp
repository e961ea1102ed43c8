// The record of alerts in the file. For the store's own thread; contracts are those of app::alert_memory.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/alert.hpp"
#include "store/state_file.hpp"

namespace docksweep::store {

class alert_tables {
 public:
  explicit alert_tables(state_file& file) : file_(file) {}  // outlives this

  core::result<std::vector<core::alert_record>> load(const std::string& engine);
  core::result<std::vector<bool>> add(const std::string& engine, std::span<const core::alert_record> alerts);
  core::result<std::vector<bool>> move(const std::string& engine, std::span<const core::alert_key> which,
                                       core::alert_state from, core::alert_state to);
  core::result<void> hear(const std::string& engine, std::span<const core::alert_key> which, core::instant when);
  core::result<void> forget_before(core::instant when);

 private:
  state_file& file_;
};

}  // namespace docksweep::store
