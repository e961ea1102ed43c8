// What the configuration may depend on besides its file. An argument everywhere, so that nothing below reads the
// process.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace docksweep::config {

struct environment {
  std::map<std::string, std::string> variables;
  std::string hostname;  // for {hostname}
  // Why this file cannot be read (the system's words), or nullopt. Asked for every file that the configuration names.
  std::function<std::optional<std::string>(const std::string& path)> why_unreadable;

  std::string variable(const std::string& name) const {  // empty: not set
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  }
};

// The environment of this process, its host name (gethostname), and files as this process may read them.
environment process_environment();

// Opens the file and reads a byte: "No such file or directory", "Permission denied", "is a directory", "is empty".
std::optional<std::string> why_unreadable(const std::string& path);

// For commands that need none of those files (a user of group docker may list images without reading root's token).
inline std::optional<std::string> every_file_will_do(const std::string&) {
  return std::nullopt;
}

}  // namespace docksweep::config
