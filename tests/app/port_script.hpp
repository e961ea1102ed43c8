// What all fakes of a sweep share: the list of calls to all ports in their order, and what goes wrong in which of them.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/failure.hpp"

namespace docksweep::test {

// The process dies here: nothing that the sweeper would do afterwards happens.
struct crash {};

class port_script {
 public:
  std::vector<std::string> calls;  // "find_image app:1", "update_removal attempted sha256:…", …
  // Each call, before it looks at anything: the world changes here.
  std::function<void(const std::string&)> before;
  // By the beginning of a call; each is used once, in order. A refused call does nothing; a lost one acts, and its
  // answer is replaced.
  std::map<std::string, std::deque<core::failure>> refused, lost;
  std::map<std::string, std::deque<std::chrono::milliseconds>> takes;  // on the clock that the sweeper times with
  std::chrono::steady_clock::time_point clock{};
  std::optional<std::size_t> crash_before, crash_after;  // number of a call, from 0: before it acts, or just after

  std::optional<core::failure> begin(const std::string& call) {
    if (crash_before == calls.size()) throw crash();
    calls.push_back(call);
    if (before) before(call);
    if (const auto time = next(takes, call)) clock += *time;
    return next(refused, call);
  }
  std::optional<core::failure> end(const std::string& call) {
    if (crash_after && *crash_after + 1 == calls.size()) throw crash();
    return next(lost, call);
  }

  std::vector<std::string> beginning_with(const std::string& word) const {
    std::vector<std::string> found;
    for (const std::string& call : calls) {
      if (call.starts_with(word)) found.push_back(call);
    }
    return found;
  }
  std::size_t count(const std::string& word) const { return beginning_with(word).size(); }
  // Calls that change what the engine holds by removing something.
  std::vector<std::string> removals() const {
    std::vector<std::string> found;
    for (const std::string& call : calls) {
      if (call.starts_with("remove_") || call.starts_with("prune_")) found.push_back(call);
    }
    return found;
  }

 private:
  template <typename T>
  static std::optional<T> next(std::map<std::string, std::deque<T>>& planned, const std::string& call) {
    for (auto& [word, all] : planned) {
      if (!call.starts_with(word) || all.empty()) continue;
      auto first = all.front();
      all.pop_front();
      return first;
    }
    return std::nullopt;
  }
};

inline core::failure conflict(std::string words = "conflict: unable to remove (must be forced)") {
  return {core::failure_code::conflict, std::move(words), 409};
}
inline core::failure engine_fault(std::string words = "driver failed to remove root filesystem") {
  return {core::failure_code::engine_error, std::move(words), 500};
}
inline core::failure timed_out(std::string words = "no answer within 10 min") {
  return {core::failure_code::timeout, std::move(words), 0};
}
inline core::failure connection_lost(std::string words = "connection refused") {
  return {core::failure_code::unreachable, std::move(words), 0};
}
inline core::failure not_there(std::string words = "No such image") {
  return {core::failure_code::not_found, std::move(words), 404};
}
inline core::failure disk_fault(std::string words = "disk I/O error") {
  return {core::failure_code::storage, std::move(words), 0};
}

}  // namespace docksweep::test
