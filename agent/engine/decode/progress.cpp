#include "engine/decode/progress.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "engine/decode/identity.hpp"
#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

using core::failure_code;
using core::result;

constexpr std::size_t text_limit_bytes = 64 << 10;

enum field { whole, status, id, detail, current, total, units, error, error_detail, error_message, error_code, stream };
constexpr std::array detail_shape{shape{"current", current, {}}, shape{"total", total, {}}, shape{"units", units, {}}};
constexpr std::array error_shape{shape{"message", error_message, {}}, shape{"code", error_code, {}}};
constexpr std::array object_shape{shape{"status", status, {}},
                                  shape{"id", id, {}},
                                  shape{"progressDetail", detail, detail_shape},
                                  shape{"error", error, {}},
                                  shape{"errorDetail", error_detail, error_shape},
                                  shape{"stream", stream, {}}};
constexpr shape root{"", whole, object_shape};

// These go to terminals and logs.
std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return clean;
}

struct message {
  app::transfer_progress line;
  std::string stream, error;
  bool failed = false;
  int code = 0;  // of an error, an HTTP status
};

class message_visitor final : public visitor {
 public:
  message now;
  bool is_object = false;

  void begin_object(int what) override {
    is_object = is_object || what == whole;
    now.failed = now.failed || what == error_detail;
  }
  void end(int what) override {
    if (what != whole) return;
    if (counts_time_) now.line.current = now.line.total = std::nullopt;  // {"current":3,"units":"s"}: seconds, no bytes
  }
  void text(int what, std::string_view, std::string_view value) override {
    switch (what) {
      case status:
        now.line.status = printable(value);
        break;
      case id:
        now.line.layer = printable(value);
        break;
      case units:
        counts_time_ = !value.empty();
        break;
      case stream:
        now.stream = value;
        break;
      case error:
      case error_message:
        now.failed = true;
        if (!value.empty()) now.error = value;
        break;
      default:
        break;
    }
  }
  void number(int what, std::int64_t value) override {
    if (what == current && value >= 0) now.line.current = value;
    if (what == total && value > 0) now.line.total = value;
    if (what == error_code && value > 0 && value < 1000) now.code = static_cast<int>(value);
  }
  void restart() {
    now = {};
    is_object = counts_time_ = false;
  }

 private:
  bool counts_time_ = false;
};

// Reads objects back to back, up to the first that is an error or cannot be read.
class message_reader {
 public:
  template <typename Take>
  result<void> feed(std::string_view piece, Take take) {
    while (!ended_ && !piece.empty()) {
      if (object_bytes_ == 0) {  // between objects
        const auto begin = piece.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos) break;
        piece.remove_prefix(begin);
      }
      const auto taken = through_.feed_one(piece);
      if (!taken) return end(taken.error());
      object_bytes_ += *taken;
      if (object_bytes_ > progress_object_limit_bytes) {
        return end({failure_code::malformed, "an object of its progress is larger than 1 MiB"});
      }
      piece.remove_prefix(*taken);
      if (!through_.at_end()) continue;
      if (found_.now.failed) return end(failure_of(found_.now));
      if (!found_.is_object) return end({failure_code::malformed, "its progress holds something that is no object"});
      take(found_.now);
      found_.restart();
      through_.restart();
      object_bytes_ = 0;
    }
    return state();
  }
  // Fails as feed() did, and when the last object is not complete.
  result<void> finish() {
    if (!ended_ && object_bytes_ > 0) {
      return end({failure_code::malformed, "its progress ends in the middle of an object"});
    }
    return state();
  }

 private:
  static core::failure failure_of(const message& what) {
    const auto words = what.error.empty() ? "it gave no reason" : engine_words(what.error);
    const auto otherwise = what.code == 401 || what.code == 403 ? failure_code::refused : failure_code::engine_error;
    return {pull_failure_code(words, otherwise), words, what.code};
  }
  result<void> end(core::failure why) {
    ended_ = std::move(why);
    return std::unexpected(*ended_);
  }
  result<void> state() const {
    if (ended_) return std::unexpected(*ended_);
    return {};
  }

  message_visitor found_;
  walker through_{root, found_, text_limit_bytes};
  std::size_t object_bytes_ = 0;
  std::optional<core::failure> ended_;
};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

failure_code pull_failure_code(std::string_view words, failure_code otherwise) {
  const auto any_of = [&](std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(parts, [&](std::string_view part) { return holds(words, part); });
  };
  if (any_of({"no basic auth credentials", "authentication required", "incorrect username or password",
              "401 Unauthorized", "unauthorized: "})) {
    return failure_code::refused;
  }
  // Registries do not tell strangers whether a repository exists: "… repository does not exist or may require 'docker
  // login': denied: requested access to the resource is denied".
  if (any_of({"manifest unknown", "name unknown", "repository does not exist", "repository name not known",
              "unknown blob", "blob unknown"})) {
    return failure_code::not_found;
  }
  if (any_of({"403 Forbidden", "access denied", "access forbidden", "authorization failed",
              "access to the resource is denied"})) {
    return failure_code::refused;
  }
  if (words.ends_with(": not found") || any_of({"no matching manifest"}) ||
      (holds(words, "manifest for ") && holds(words, " not found"))) {
    return failure_code::not_found;
  }
  return otherwise;
}

struct pull_decoder::impl {
  app::progress_sink progress;
  message_reader through;
  app::pulled_image pulled;
  bool well = false;  // the last object said so
  // Podman's way: the last object repeats that the image is complete. Its ID is that of its configuration, which was
  // told of as a layer before, and is read each time.
  bool podman_well = false;
  std::string podman_image;
  std::set<std::string> complete, fetched;

  void take(message& what) {
    auto& line = what.line;
    if (line.status.starts_with("Pulling from ")) line.layer.clear();  // it is the tag
    constexpr std::string_view digest = "Digest: ", end = "Status: ";
    well = line.layer.empty() && line.status.starts_with(end);
    if (well) pulled.was_newer = !holds(line.status, "up to date");
    if (line.layer.empty() && line.status.starts_with(digest)) pulled.digest = line.status.substr(digest.size());
    take_podmans(line);
    if (progress && !line.status.empty()) progress(line);
  }
  void take_podmans(const app::transfer_progress& line) {
    podman_well = false;
    constexpr std::size_t most = 10'000;
    if (line.layer.empty() || complete.size() + fetched.size() > most) return;
    if (line.status == "Pulling fs layer" || line.status == "Downloading") fetched.insert(line.layer);
    if (line.status != "Download complete" && line.status != "Pull complete") return;
    podman_image = line.layer;
    podman_well = !complete.insert(line.layer).second || !fetched.contains(line.layer);
  }
  app::pulled_image podmans() const {
    const bool any = std::ranges::any_of(fetched, [this](const std::string& layer) { return layer != podman_image; });
    return {"", any};
  }
};

pull_decoder::pull_decoder(app::progress_sink progress) : impl_(std::make_unique<impl>()) {
  impl_->progress = std::move(progress);
}
pull_decoder::~pull_decoder() = default;

result<void> pull_decoder::feed(std::string_view piece) {
  return impl_->through.feed(piece, [this](message& what) { impl_->take(what); });
}

result<app::pulled_image> pull_decoder::finish(bool podman) {
  if (const auto whole_answer = impl_->through.finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (podman && impl_->podman_well) return impl_->podmans();
  if (impl_->well) return impl_->pulled;
  return core::fail(failure_code::malformed, "its progress ended without saying that all is there");
}

struct load_decoder::impl {
  message_reader through;
  std::vector<std::string> loaded;

  void take(std::string_view text) {
    while (!text.empty()) {
      const auto line_end = std::min(text.find('\n'), text.size());
      take_line(text.substr(0, line_end));
      text.remove_prefix(std::min(line_end + 1, text.size()));
    }
  }
  void take_line(std::string_view line) {
    constexpr std::string_view by_name = "Loaded image: ", by_id = "Loaded image ID: ";
    if (line.starts_with(by_id)) {
      line.remove_prefix(by_id.size());
    } else if (line.starts_with(by_name)) {
      line.remove_prefix(by_name.size());
    } else {
      return;
    }
    while (!line.empty()) {
      const auto comma = std::min(line.find(','), line.size());
      auto name = printable(line.substr(0, comma));
      while (name.ends_with(' ')) name.pop_back();
      constexpr std::size_t most_names = 10'000;
      if (!name.empty() && loaded.size() < most_names) loaded.push_back(std::move(name));
      line.remove_prefix(std::min(comma + 1, line.size()));
    }
  }
};

load_decoder::load_decoder() : impl_(std::make_unique<impl>()) {}
load_decoder::~load_decoder() = default;

result<void> load_decoder::feed(std::string_view piece) {
  return impl_->through.feed(piece, [this](message& what) { impl_->take(what.stream); });
}

result<std::vector<std::string>> load_decoder::finish() {
  if (const auto whole_answer = impl_->through.finish(); !whole_answer) return std::unexpected(whole_answer.error());
  if (impl_->loaded.empty()) return core::fail(failure_code::malformed, "it did not say what it loaded");
  return std::move(impl_->loaded);
}

}  // namespace docksweep::engine
