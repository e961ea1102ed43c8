// docs/configuration.md: every key, from the description that the reader goes by, with the words of the commented
// default file.
#pragma once

#include <string>

namespace docksweep::config {

std::string reference_page();  // Markdown

}  // namespace docksweep::config
