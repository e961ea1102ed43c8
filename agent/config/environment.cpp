// The one place of this folder that reads the process: its environment, its host name, its right to read files.
#include "config/environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace docksweep::config {
namespace {

std::string words(int error) {
  return std::generic_category().message(error);
}

}  // namespace

environment process_environment() {
  environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (const auto equals = text.find('='); equals != std::string::npos)
      out.variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  std::array<char, 256> name{};  // HOST_NAME_MAX is 64 on Linux
  if (gethostname(name.data(), name.size() - 1) == 0) out.hostname = name.data();
  out.why_unreadable = why_unreadable;
  return out;
}

std::optional<std::string> why_unreadable(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return words(errno);
  struct stat what{};
  std::optional<std::string> out;
  char byte = 0;
  if (fstat(file, &what) == 0 && S_ISDIR(what.st_mode)) {
    out = "is a directory";
  } else if (const auto count = read(file, &byte, 1); count < 0) {
    out = words(errno);
  } else if (count == 0) {
    out = "is empty";
  }
  close(file);
  return out;
}

}  // namespace docksweep::config
