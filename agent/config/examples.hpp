// The files of config/ and config/examples/, built into the binary: `docksweep init` needs no installed file.
#pragma once

#include <span>
#include <string_view>

namespace docksweep::config {

struct example {
  std::string_view name;     // "small-server"; "default" for the commented default
  std::string_view summary;  // its first line, without the "#"
  std::string_view text;
};

std::span<const example> examples();                 // by name, "default" first
const example* find_example(std::string_view name);  // null: none of that name

}  // namespace docksweep::config
