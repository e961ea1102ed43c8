// Reading of the file, and the order of things: parse, fill, override, check.
#include "config/load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "config/checks.hpp"
#include "config/document.hpp"
#include "config/effective.hpp"
#include "config/reader.hpp"

namespace docksweep::config {
namespace {

constexpr std::size_t longest_file_bytes = 1 << 20;

// `check-config --config <(…)` may be fed by a program that takes its time.
constexpr auto longest_wait = std::chrono::seconds(10);

struct unreadable {
  int error = 0;  // errno; 0: something else
  std::string why;
};

unreadable from_errno(int error) {
  return {error, "cannot be read: " + std::generic_category().message(error)};
}

std::expected<std::string, unreadable> read_all(int file) {
  std::string out;
  std::array<char, 16384> part{};
  for (;;) {
    // A FIFO that nobody has opened for writing yet reads as if it were at its end; poll() tells the two apart.
    pollfd readable{.fd = file, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, static_cast<int>(std::chrono::milliseconds(longest_wait).count())) == 0)
      return std::unexpected(unreadable{0, fmt::format("cannot be read: nothing came for {} s", longest_wait.count())});
    const auto count = read(file, part.data(), part.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return std::unexpected(from_errno(errno));
    if (count == 0) return out;
    out.append(part.data(), static_cast<std::size_t>(count));
    if (out.size() > longest_file_bytes)
      return std::unexpected(unreadable{0, fmt::format("is longer than {} bytes", longest_file_bytes)});
  }
}

std::expected<std::string, unreadable> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // open() would wait for a FIFO's other end
  if (file < 0) return std::unexpected(from_errno(errno));
  auto text = read_all(file);
  close(file);
  return text;
}

void settle_modes(settings& all) {
  for (auto& policy : all.policies) {
    const bool observes = all.mode == core::mode::observe || policy.own_mode == core::mode::observe;
    policy.mode = observes ? core::mode::observe : core::mode::enforce;
  }
}

}  // namespace

std::string to_string(const fault& what) {
  if (what.line == 0) return fmt::format("{}: {}", what.file, what.message);
  return fmt::format("{}:{}:{}: {}", what.file, what.line, what.column, what.message);
}

std::expected<configuration, faults> load_text(std::string_view text, std::string_view file, const environment& env) {
  const auto source = document::parse(text, file);
  if (!source) return std::unexpected(faults{source.error()});
  configuration out;
  reader in(*source, env);
  describe_settings(in, out.values);
  in.finish();
  settle_modes(out.values);
  check_across_keys(out.values, in);
  if (auto found = in.take_faults(); !found.empty()) return std::unexpected(std::move(found));
  out.from = in.take_origins();
  out.values.hash = effective_hash(out);
  return out;
}

std::expected<configuration, faults> load_file(const std::string& path, bool explicit_path, const environment& env) {
  const auto text = read_file(path);
  if (text) return load_text(*text, path, env);
  if (text.error().error != ENOENT || explicit_path) return std::unexpected(faults{{path, 0, 0, text.error().why}});
  auto out = load_text("", "defaults", env);
  if (out) out->no_file = true;
  return out;
}

}  // namespace docksweep::config
