// Reads what real engines answered, from tests/fixtures.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace docksweep::test {

// "docker-20.10/images.json" and the like; throws when it is not there.
inline std::string fixture(const std::string& name) {
  const auto path = std::filesystem::path(DOCKSWEEP_SOURCE_DIR) / "tests" / "fixtures" / name;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("there is no fixture " + path.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace docksweep::test
