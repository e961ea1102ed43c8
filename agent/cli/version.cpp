// The numbers come from CMake: the version from project(), the revision from revision.cmake at build time.
#include "cli/version.hpp"

#include <fmt/format.h>

#include "docksweep_revision.hpp"

namespace docksweep::cli {

std::string_view version() {
  return DOCKSWEEP_VERSION;
}

std::string_view revision() {
  return DOCKSWEEP_REVISION;
}

std::string_view compiler() {
  static const std::string name =
#if defined(__clang__)
      fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
      fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  return name;
}

std::string version_line() {
  return fmt::format("docksweep {} (revision {}, {})", version(), revision(), compiler());
}

}  // namespace docksweep::cli
