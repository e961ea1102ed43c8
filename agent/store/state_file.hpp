// The open state file as the tables use it: changes that are durable as they have to be and that go on when the disk is
// full, and the numbers of engines. For the store's own thread.
#pragma once

#include <atomic>
#include <string>

#include "app/log.hpp"
#include "core/failure.hpp"
#include "store/open_state.hpp"
#include "store/reserve.hpp"

namespace docksweep::store {

// How sure a change is once it was made. Both are seen by other processes at once and survive any end of this one.
enum class durability {
  // On the disk, and everything that was written before it: it survives a power cut.
  synced,
  // In the kernel's hands: a power cut may take it and what came after it, the newest first, back to the last synced
  // change. The file is sound then, too.
  written,
};

class state_file {
 public:
  // Both references outlive this.
  state_file(opened_state state, app::log_sink& log, const std::atomic<bool>& stopping)
      : state_(std::move(state)), reserve_(state_.file.path()), log_(log), stopping_(stopping) {}
  ~state_file();
  state_file(const state_file&) = delete;
  state_file& operator=(const state_file&) = delete;

  database& file() { return state_.file; }
  const std::string& path() const { return state_.file.path(); }
  bool durable() const { return state_.durable; }
  bool writable() const { return state_.writable; }

  // Runs `what` in a transaction; again, when it ran out of room and some was held in reserve. A read-only file drops
  // it.
  template <typename What>
  core::result<void> change(durability how, What what) {
    if (!state_.writable) return {};
    if (auto set = set_durability(how); !set) return set;
    core::result<void> done = state_.file.transaction(what);
    if (!done && state_.durable && means_full(state_.file.failed_code())) {
      find_room();
      done = state_.file.transaction(what);
    }
    if (done && how == durability::synced) restore_reserve();
    return done;
  }
  // Whether the newest change failed for want of room.
  bool ran_out_of_room() const { return means_full(state_.file.failed_code()); }

  // A failure where nothing can be saved: for what must not be lost in silence.
  core::result<void> must_be_writable() const;

  // The engine's number in the file; given at its first use. In a change.
  core::result<std::int64_t> engine_number(const std::string& engine);

  // Everything that is held in reserve, as far as it is missing and there is room; lock files of known engines.
  void make_room();

 private:
  core::result<void> set_durability(durability how);
  void find_room();
  void restore_reserve();

  opened_state state_;
  reserve_file reserve_;
  app::log_sink& log_;
  const std::atomic<bool>& stopping_;
  durability durability_ = durability::synced;  // as open_state leaves it
  bool given_back_ = false;
};

}  // namespace docksweep::store
