// When each image (and volume) of a node was last used, when it came, and where from: a book that is kept by what is
// seen. Pure: `now` is an argument; app/usage_tracker feeds it, the store keeps it, the planner reads it.
//
// Every doubt goes the safe way, towards "used just now": what is seen for the first time counts as used now (a new
// installation removes nothing that it has not watched), and so does what was in use when the book was last saved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/inventory.hpp"
#include "core/quantity.hpp"

namespace docksweep::core {

class view;

// How an image came to this node, as far as its events told. `pulled` also means that a registry had it.
enum class image_origin : std::uint8_t { unknown, pulled, built, loaded };
std::string_view to_string(image_origin origin);

struct use_record {
  std::string id;        // image ID, or volume name
  instant first_seen{};  // its arrival as far as this node knows; never the build date
  instant last_used{};   // never before first_seen
  bool in_use = false;   // held by a container when it was last looked at: used until then, whenever that was
  image_origin origin = image_origin::unknown;  // images only
  bool operator==(const use_record&) const = default;
};

class use_book {
 public:
  // What the store kept. Records from the future (a clock that was wrong) are brought back to `now`; what was in use
  // counts as used now.
  void load(std::vector<use_record> kept, instant now);

  // A view of the node: images that are not in the book are entered as seen and used now, those that a container holds
  // are used now, those that are gone are struck out. A view with unreadable entries strikes out nothing.
  void look_at_images(const view& node, instant now);
  // The same for volumes: those of the newest disk usage, and those that containers of the view mount.
  void look_at_volumes(const view& node, instant now);

  // An event named it (pull, tag, build, create, start, …): used now. Entered when it is not in the book.
  void use(std::string_view id, instant now, image_origin how = image_origin::unknown);
  // The wall clock jumped by `by` (real time did not): all moments move along, so that ages stay what they were.
  void clock_jumped(duration by);

  const use_record* find(std::string_view id) const;
  std::size_t size() const { return records_.size(); }
  // Of the least recently used that nothing holds now (of all where everything is held); for
  // docksweep_image_oldest_use_timestamp_seconds.
  std::optional<instant> oldest_use() const;

  // What has to be saved since the last call: records that changed, and IDs that were struck out. A record whose only
  // change is that its use goes on is not in it (in_use says so).
  struct changes {
    std::vector<use_record> records;
    std::vector<std::string> gone;
    bool empty() const { return records.empty() && gone.empty(); }
  };
  changes take_changes();
  // Changes that could not be saved: the next take_changes() has them again, as they stand then.
  void put_back(const changes& unsaved);

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using records = std::unordered_map<std::string, use_record, text_hash, std::equal_to<>>;

  void look_at(std::string_view id, bool held, bool partial, instant now);
  records::iterator enter(std::string_view id, instant now);
  template <typename Condition>
  void strike_out(Condition is_gone);

  records records_;
  std::unordered_set<std::string> changed_;
  std::unordered_set<std::string> gone_;
};

// Both books of a node.
struct node_usage {
  use_book images;
  use_book volumes;
};

}  // namespace docksweep::core
