// The options of the commands that move images.
#include <fmt/format.h>

#include <algorithm>

#include "cli/help.hpp"
#include "cli/options.hpp"

namespace docksweep::cli {
namespace {

// OS/ARCH or OS/ARCH/VARIANT, as engines write them.
std::string platform_from(const std::string& text) {
  const auto slashes = std::ranges::count(text, '/');
  const bool letters = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '.' || c == '-';
  });
  const bool empty_part = text.starts_with('/') || text.ends_with('/') || text.find("//") != std::string::npos;
  if (slashes < 1 || slashes > 2 || !letters || empty_part) {
    throw CLI::ValidationError("--platform",
                               fmt::format("'{}' is not OS/ARCH[/VARIANT], for example linux/arm64", text));
  }
  return text;
}

}  // namespace

void add_transfer_commands(CLI::App& app, choices& into, chooser& which) {
  auto* pull = add_command(app, "pull", "Pull an image, with progress for each layer", help::pull);
  auto& options = into.pull;
  pull->add_option("REF", options.reference, "NAME, NAME:TAG or NAME@DIGEST")->type_name(" ")->required();
  pull->add_option_function<std::string>(
          "--platform", [&options](const std::string& text) { options.platform = platform_from(text); },
          "Without it the engine's own")
      ->type_name("OS/ARCH");
  pull->add_option("--auth-file", options.auth_file, "A config.json with credentials")->type_name("FILE");
  pull->add_flag("-q,--quiet", options.quiet, "Only the image's ID");
  pull->add_flag("--json", options.json, "For programs: one object when it has ended");
  which.emplace_back(pull, [](const choices& chosen) -> command { return chosen.pull; });
}

}  // namespace docksweep::cli
