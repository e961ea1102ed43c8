// Walks through JSON as it arrives and reports only what a shape names: no tree is built, no body is held, and a field
// that nobody asked for costs nothing. Boost.JSON does the parsing and stays in walker.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::engine {

// What to look for inside an object or array.
struct shape {
  std::string_view key;           // of the parent object; any_key in a map, element in an array
  int id = 0;                     // what the visitor is told
  std::span<const shape> inside;  // of the object or array found there
};
// any_key stands alone in its object.
inline constexpr std::string_view any_key = "*";
inline constexpr std::string_view element = "[]";

// Gets what the shape names. A value of an unexpected type is reported as what it is: visitors ignore it, so that one
// odd field spoils nothing else.
class visitor {
 public:
  virtual ~visitor() = default;
  virtual void begin_object(int) {}
  virtual void begin_array(int) {}
  virtual void end(int) {}  // of an object or array
  // `key` is the name in a map (any_key), else what the shape says.
  virtual void text(int id, std::string_view key, std::string_view value) = 0;
  virtual void number(int id, std::int64_t value) = 0;  // a fraction is cut off
  virtual void boolean(int, bool) {}
  virtual void null(int) {}
};

class walker {
 public:
  // Both must outlive it. `text_limit_bytes`: longer keys and values are reported as empty.
  walker(const shape& root, visitor& to, std::size_t text_limit_bytes = 256 << 10);
  ~walker();
  walker(const walker&) = delete;
  walker& operator=(const walker&) = delete;

  // Reads more of one JSON value. Fails (malformed) on what is no JSON and on what follows the value.
  core::result<void> feed(std::string_view piece);
  // No more will come: fails (malformed) when the value is not complete.
  core::result<void> finish();

  // For values back to back: reads up to the end of the current value and says how much of `piece` that took.
  core::result<std::size_t> feed_one(std::string_view piece);
  bool at_end() const;  // of a value
  void restart();       // with the next value

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// All of a text at once.
core::result<void> walk(const shape& root, visitor& to, std::string_view text);

}  // namespace docksweep::engine
