// The event stream.
#include "engine/decode/events.hpp"

#include <array>

#include "engine/decode/values.hpp"
#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

enum field {
  whole,
  type,
  action,
  status,
  old_id,
  from,
  actor,
  actor_id,
  attributes,
  attribute,
  time_seconds,
  time_nanoseconds
};

constexpr std::array attribute_shape{shape{any_key, attribute, {}}};
constexpr std::array actor_shape{shape{"ID", actor_id, {}}, shape{"Attributes", attributes, attribute_shape}};
constexpr std::array event_shape{shape{"Type", type, {}},
                                 shape{"Action", action, {}},
                                 shape{"Actor", actor, actor_shape},
                                 shape{"status", status, {}},
                                 shape{"id", old_id, {}},
                                 shape{"from", from, {}},
                                 shape{"time", time_seconds, {}},
                                 shape{"timeNano", time_nanoseconds, {}}};
constexpr shape root{"", whole, event_shape};

class event_visitor final : public visitor {
 public:
  std::function<void(const core::engine_event&)> on_event;
  bool complete = false;  // the object has ended
  bool readable = false;  // and named an action

  core::engine_event event;

  void begin_object(int what) override {
    if (what != whole) return;
    event = {};
    type_.clear();
    status_.clear();
    old_id_.clear();
    from_.clear();
    seconds_ = nanoseconds_ = 0;
    complete = readable = false;
  }
  void end(int what) override {
    if (what == whole) settle();
  }
  void text(int what, std::string_view key, std::string_view value) override {
    switch (what) {
      case type:
        type_ = value;
        break;
      case action:
        event.action = value;
        break;
      case status:
        status_ = value;
        break;
      case old_id:
        old_id_ = value;
        break;
      case from:
        from_ = value;
        break;
      case actor_id:
        event.id = value;
        break;
      case attribute:
        if (key == "name") event.name = value;
        if (key == "image") event.image = value;
        if (key == "imageID") event.image_id = image_id_from(value);
        break;
      default:
        break;
    }
  }
  void number(int what, std::int64_t value) override {
    if (what == time_seconds) seconds_ = value;
    if (what == time_nanoseconds) nanoseconds_ = value;
  }

 private:
  void settle() {
    complete = true;
    if (event.action.empty()) event.action = status_;
    if (event.id.empty()) event.id = old_id_;
    if (event.image.empty()) event.image = from_;
    if (type_ == "image") event.kind = core::event_kind::image;
    if (type_ == "container") event.kind = core::event_kind::container;
    if (event.kind == core::event_kind::container && event.action == "remove") event.action = "destroy";
    if (event.kind == core::event_kind::image) {
      // Podman leaves "sha256:" out; a reference stays as it is.
      if (auto id = image_id_from(event.id); !id.empty()) event.id = std::move(id);
    }
    const auto time = nanoseconds_ > 0 ? std::chrono::nanoseconds(nanoseconds_)
                                       : std::chrono::nanoseconds(std::chrono::seconds(seconds_));
    event.time = core::instant(std::chrono::duration_cast<core::instant::duration>(time));
    readable = !event.action.empty();
  }

  std::string type_, status_, old_id_, from_;
  std::int64_t seconds_ = 0, nanoseconds_ = 0;
};

}  // namespace

struct event_decoder::impl {
  event_visitor found;
  walker through{root, found};
  std::size_t object_bytes = 0;
  std::size_t skipped = 0;
  bool to_line_end = false;  // the stream is lost: begin again after the next line end

  void deliver() {
    if (found.readable && object_bytes <= object_limit_bytes) {
      found.on_event(found.event);
    } else {
      ++skipped;
    }
  }
};

event_decoder::event_decoder(std::function<void(const core::engine_event&)> on_event)
    : impl_(std::make_unique<impl>()) {
  impl_->found.on_event = std::move(on_event);
}
event_decoder::~event_decoder() = default;
std::size_t event_decoder::skipped() const {
  return impl_->skipped;
}

void event_decoder::feed(std::string_view piece) {
  auto& self = *impl_;
  while (!piece.empty()) {
    if (self.to_line_end) {
      const auto line_end = piece.find('\n');
      if (line_end == std::string_view::npos) return;
      piece.remove_prefix(line_end + 1);
      self.to_line_end = false;
      continue;
    }
    const auto taken = self.through.feed_one(piece);
    if (!taken) {
      ++self.skipped;
      self.to_line_end = true;
      self.through.restart();
      self.found.complete = false;
      self.object_bytes = 0;
      continue;
    }
    self.object_bytes += *taken;
    piece.remove_prefix(*taken);
    if (!self.through.at_end()) continue;
    if (self.found.complete) self.deliver();
    self.found.complete = false;
    self.through.restart();
    self.object_bytes = 0;
  }
}

}  // namespace docksweep::engine
