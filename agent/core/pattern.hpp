// Names matched by globs and by regular expressions, both run by RE2 (linear time, whatever the pattern).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/quantity.hpp"

namespace re2 {
class RE2;
}

namespace docksweep::core {

// A glob over a whole name: `*` is any run of characters ('/' and ':' included), `?` one character, `[a-z]` and
// `[!a-z]` one of a class, `\` takes the next character as it is. Case counts.
class glob {
 public:
  static parsed<glob> compile(std::string_view text);
  bool matches(std::string_view name) const;
  // For image names: the name as the engine spells it, its familiar and its canonical form (see below).
  bool matches_reference(std::string_view reference) const;
  const std::string& text() const { return text_; }
  bool operator==(const glob& other) const { return text_ == other.text_; }

 private:
  glob(std::string text, std::shared_ptr<const re2::RE2> compiled);
  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;  // shared: copies of a policy share the compiled program
};

// An RE2 expression that is searched for anywhere in a name (`search`), or must match all of it (`matches`).
class regex {
 public:
  // A fault carries RE2's own words.
  static parsed<regex> compile(std::string_view text);
  bool search(std::string_view name) const;
  bool matches(std::string_view name) const;
  const std::string& text() const { return text_; }
  bool operator==(const regex& other) const { return text_ == other.text_; }

 private:
  regex(std::string text, std::shared_ptr<const re2::RE2> compiled);
  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;
};

// "docker.io/library/alpine:3.19" → "alpine:3.19" and back, as the docker CLI does it (distribution/reference): a first
// component without '.' or ':' that is not "localhost" belongs to docker.io, and there a single component to library/.
// Digests ("alpine@sha256:…") keep theirs. Other registries' names are the same in both forms.
std::string familiar_reference(std::string_view reference);
std::string canonical_reference(std::string_view reference);

}  // namespace docksweep::core
