// The shape walker over Boost.JSON's streaming parser.
#include "engine/decode/walker.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <vector>

namespace docksweep::engine {
namespace {

namespace json = boost::json;

// Called by the parser for every token; keeps a stack of shapes, and only a counter where nothing is of interest.
class handler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  handler(const shape& root, visitor& to, std::size_t text_limit_bytes)
      : root_(root), to_(to), text_limit_bytes_(text_limit_bytes) {}

  void restart() {
    stack_.clear();
    ignored_depth_ = 0;
    next_ = nullptr;
    text_.clear();
    text_size_ = 0;
  }

  bool on_document_begin(json::error_code&) {
    next_ = &root_;
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code&) { return enter(false); }
  bool on_array_begin(json::error_code&) { return enter(true); }
  bool on_object_end(std::size_t, json::error_code&) { return leave(); }
  bool on_array_end(std::size_t, json::error_code&) { return leave(); }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    return ignored_depth_ > 0 || append(part);
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    if (ignored_depth_ > 0) return true;
    find(whole(part));
    forget_text();
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return !wanted() || append(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    if (wanted()) {
      to_.text(next_->id, next_->key == any_key ? std::string_view(key_) : next_->key, whole(part));
      forget_text();
    }
    return true;
  }

  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) { return number(value); }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) {
    return number(std::numeric_limits<std::int64_t>::max());  // Boost.JSON gives only what is above int64 as uint64
  }
  bool on_double(double value, json::string_view, json::error_code&) {
    constexpr double limit = 9.2e18;
    return number(value > limit    ? std::numeric_limits<std::int64_t>::max()
                  : value < -limit ? std::numeric_limits<std::int64_t>::min()
                                   : static_cast<std::int64_t>(value));
  }
  bool on_bool(bool value, json::error_code&) {
    if (wanted()) to_.boolean(next_->id, value);
    return true;
  }
  bool on_null(json::error_code&) {
    if (wanted()) to_.null(next_->id);
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  struct level {
    const shape* what;
    const shape* elements;  // of an array; null: an object, or an array whose elements are of no interest
    bool is_array;
  };

  // Is the value that comes now of interest?
  bool wanted() const { return ignored_depth_ == 0 && next_ != nullptr; }

  bool number(std::int64_t value) {
    if (wanted()) to_.number(next_->id, value);
    return true;
  }

  bool enter(bool is_array) {
    if (!wanted()) {
      ++ignored_depth_;
      return true;
    }
    const shape* elements = nullptr;
    if (is_array && !next_->inside.empty() && next_->inside.front().key == element) elements = &next_->inside.front();
    stack_.push_back({next_, elements, is_array});
    if (is_array) {
      to_.begin_array(next_->id);
    } else {
      to_.begin_object(next_->id);
    }
    next_ = elements;
    return true;
  }

  bool leave() {
    if (ignored_depth_ > 0) {
      --ignored_depth_;
    } else {
      to_.end(stack_.back().what->id);
      stack_.pop_back();
    }
    // In an object the next key decides; in an array every element has the same shape.
    if (ignored_depth_ == 0) next_ = stack_.empty() ? nullptr : stack_.back().elements;
    return true;
  }

  void find(std::string_view key) {
    next_ = nullptr;
    const auto candidates = stack_.back().what->inside;
    if (candidates.size() == 1 && candidates.front().key == any_key) {
      key_ = key;
      next_ = &candidates.front();
      return;
    }
    for (const auto& candidate : candidates) {
      // The first letter tells most keys apart without a call to memcmp.
      if (candidate.key.size() == key.size() && (key.empty() || candidate.key.front() == key.front()) &&
          candidate.key == key) {
        next_ = &candidate;
        return;
      }
    }
  }

  bool append(json::string_view part) {
    text_size_ += part.size();
    if (text_size_ <= text_limit_bytes_) text_.append(part.data(), part.size());
    return true;
  }
  // The parts so far and the last one; without a copy when there was only this one.
  std::string_view whole(json::string_view last) {
    if (text_size_ == 0 && last.size() <= text_limit_bytes_) return {last.data(), last.size()};
    append(last);
    return text_size_ <= text_limit_bytes_ ? std::string_view(text_) : std::string_view();
  }
  void forget_text() {
    text_.clear();
    text_size_ = 0;
  }

  const shape& root_;
  visitor& to_;
  std::size_t text_limit_bytes_;
  std::vector<level> stack_;
  std::size_t ignored_depth_ = 0;
  const shape* next_ = nullptr;
  std::string key_, text_;
  std::size_t text_size_ = 0;
};

core::result<void> malformed(const std::string& what) {
  return core::fail(core::failure_code::malformed, "the answer is not the JSON that the API promises: " + what);
}

json::parse_options tolerant() {
  json::parse_options options;
  options.max_depth = 256;            // a deep field that nobody asked for is no reason to refuse an answer
  options.allow_invalid_utf8 = true;  // labels are whatever an image's author typed
  return options;
}

}  // namespace

struct walker::impl {
  impl(const shape& root, visitor& to, std::size_t text_limit_bytes) : parser(tolerant(), root, to, text_limit_bytes) {}
  json::basic_parser<handler> parser;
  std::size_t consumed = 0;
};

walker::walker(const shape& root, visitor& to, std::size_t text_limit_bytes)
    : impl_(std::make_unique<impl>(root, to, text_limit_bytes)) {}
walker::~walker() = default;

core::result<std::size_t> walker::feed_one(std::string_view piece) {
  json::error_code ec;
  const auto taken = impl_->parser.write_some(true, piece.data(), piece.size(), ec);
  impl_->consumed += taken;
  if (ec) {
    return core::fail(core::failure_code::malformed,
                      fmt::format("the answer is not the JSON that the API promises: {} after {} bytes", ec.message(),
                                  impl_->consumed));
  }
  return taken;
}

bool walker::at_end() const {
  return impl_->parser.done();
}

void walker::restart() {
  impl_->parser.reset();
  impl_->parser.handler().restart();
  impl_->consumed = 0;
}

core::result<void> walker::feed(std::string_view piece) {
  const auto taken = feed_one(piece);
  if (!taken) return std::unexpected(taken.error());
  if (*taken < piece.size()) return malformed(fmt::format("something follows it after {} bytes", impl_->consumed));
  return {};
}

core::result<void> walker::finish() {
  if (impl_->consumed == 0) return malformed("it is empty");
  json::error_code ec;
  impl_->parser.write_some(false, "", 0, ec);
  if (ec) return malformed(fmt::format("it ends after {} bytes, too early", impl_->consumed));
  return {};
}

core::result<void> walk(const shape& root, visitor& to, std::string_view text) {
  walker through(root, to);
  const auto fed = through.feed(text);
  if (!fed) return fed;
  return through.finish();
}

}  // namespace docksweep::engine
