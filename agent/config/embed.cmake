# Writes examples.cpp: the files of config/ as string literals. Run as a script:
#   cmake -DSOURCE=<top> -DOUTPUT=<file> -P embed.cmake
set(names default small-server ci-runner kubernetes air-gapped nightly-script)
set(rows "")
foreach(name IN LISTS names)
  set(path "${SOURCE}/config/examples/${name}.toml")
  if(name STREQUAL "default")
    set(path "${SOURCE}/config/docksweep.toml")
  endif()
  file(READ "${path}" text)
  string(FIND "${text}" "\n" end)
  math(EXPR length "${end} - 2")  # without "# "
  string(SUBSTRING "${text}" 2 ${length} summary)
  string(APPEND rows "    {\"${name}\", R\"docksweep(${summary})docksweep\", R\"docksweep(${text})docksweep\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Written by agent/config/embed.cmake from the files of config/.
#include \"config/examples.hpp\"

#include <array>

namespace docksweep::config {
namespace {

constexpr std::array<example, 6> all{{
${rows}}};

}  // namespace

std::span<const example> examples() { return all; }

const example* find_example(std::string_view name) {
  for (const auto& one : all) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace docksweep::config
")
