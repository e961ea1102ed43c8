// Reading of the file, and the order of things: parse, fill, override, check.
#include "config/load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "config/checks.hpp"
#include "config/document.hpp"
#include "config/effective.hpp"
#include "config/reader.hpp"

namespace docksweep::config {
namespace {

constexpr std::size_t longest_file_bytes = 1 << 20;

struct unreadable {
  int error = 0;  // errno; 0: too long
};

std::expected<std::string, unreadable> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::unexpected(unreadable{errno});
  std::string out;
  std::array<char, 16384> part{};
  for (;;) {
    const auto count = read(file, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || out.size() > longest_file_bytes) {
      const unreadable why{count < 0 ? errno : 0};
      close(file);
      if (count < 0 || out.size() > longest_file_bytes) return std::unexpected(why);
      return out;
    }
    out.append(part.data(), static_cast<std::size_t>(count));
  }
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
  if (text.error().error == ENOENT && !explicit_path) return load_text("", "defaults", env);
  const auto why = text.error().error == 0
                       ? fmt::format("is longer than {} bytes", longest_file_bytes)
                       : fmt::format("cannot be read: {}", std::generic_category().message(text.error().error));
  return std::unexpected(faults{{path, 0, 0, why}});
}

}  // namespace docksweep::config
