// Names and meanings: Prometheus' "Writing client libraries", Process metrics; fields: proc(5).
#include "report/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include "report/families.hpp"

namespace docksweep::report {
namespace {

struct process_stat {
  std::uint64_t cpu_ticks = 0;         // utime + stime
  std::uint64_t start_ticks = 0;       // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

std::optional<process_stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The second field is the program's name in parentheses, which may hold anything: fields are counted after it.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::array<std::string, 22> word;  // word[0] is field 3 (state)
  for (auto& one : word) {
    if (!(fields >> one)) return std::nullopt;
  }
  const auto field = [&](std::size_t number) {
    std::uint64_t value = 0;
    const auto& text = word[number - 3];
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  return process_stat{field(14) + field(15), field(22), field(23), field(24)};
}

std::optional<double> boot_time_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return std::nullopt;
}

std::optional<double> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator at("/proc/self/fd", error), end;
  if (error) return std::nullopt;
  double count = -1;  // the descriptor that reads the folder is in it
  for (; at != end; at.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count;
}

}  // namespace

std::vector<prometheus::MetricFamily> process_families() {
  std::vector<prometheus::MetricFamily> out;
  if (const auto stat = read_stat()) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    prometheus::MetricFamily cpu;
    cpu.name = "process_cpu_seconds_total";
    cpu.help = "Total user and system CPU time spent in seconds.";
    cpu.type = prometheus::MetricType::Counter;
    cpu.metric.emplace_back().counter.value = static_cast<double>(stat->cpu_ticks) / ticks;
    out.push_back(std::move(cpu));
    out.push_back(single_gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.",
                               static_cast<double>(stat->virtual_bytes)));
    out.push_back(single_gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                               static_cast<double>(stat->resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE))));
    // Read once: btime wavers by a second when the clock is set, and one start is one value.
    static const auto boot = boot_time_seconds();
    if (boot) {
      out.push_back(single_gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                                 *boot + static_cast<double>(stat->start_ticks) / ticks));
    }
  }
  if (const auto open = open_descriptors()) {
    out.push_back(single_gauge("process_open_fds", "Number of open file descriptors.", *open));
  }
  const auto add_limit = [&out](const char* name, const char* help, auto which) {
    rlimit found{};
    if (getrlimit(which, &found) == 0) out.push_back(single_gauge(name, help, static_cast<double>(found.rlim_cur)));
  };
  // Unlimited: the largest number, as other exporters have it.
  add_limit("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", RLIMIT_AS);
  add_limit("process_max_fds", "Maximum number of open file descriptors.", RLIMIT_NOFILE);
  return out;
}

}  // namespace docksweep::report
