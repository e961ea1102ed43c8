// Which build this is; the revision is looked up each time that the binary is built.
#pragma once

#include <string>
#include <string_view>

namespace docksweep::cli {

std::string_view version();   // "0.1.0"
std::string_view revision();  // short commit hash, with "-dirty" when files had changed; "unknown" outside of git
std::string_view compiler();  // "clang 19.1.7"
std::string version_line();   // "docksweep 0.1.0 (revision abc1234, clang 19.1.7)"

}  // namespace docksweep::cli
