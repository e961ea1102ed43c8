// A reference to an image in a registry, read as the docker CLI reads it (github.com/distribution/reference): "alpine",
// "alpine:3.19", "team/app", "registry.example.com:5000/team/app@sha256:…", "app:1@sha256:…".
#pragma once

#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::core {

struct image_reference {
  std::string domain;  // "docker.io", "localhost:5000"
  std::string path;    // "library/alpine", "team/app"
  std::string tag;     // may be empty
  std::string digest;  // "sha256:…"; may be empty

  std::string repository() const { return domain + "/" + path; }
  // What an engine is asked for: the digest where there is one (it names one image for ever), else the tag, else
  // "latest". Never empty: without one an engine pulls every tag of the repository.
  std::string version() const;
  // As people write it: without docker.io and library/, with the tag and the digest that were given.
  std::string familiar() const;
  bool operator==(const image_reference&) const = default;
};

// Fails (invalid) with what is wrong and what is allowed. An ID of 64 hex digits is no reference, as for the docker CLI.
result<image_reference> parse_reference(std::string_view text);

}  // namespace docksweep::core
