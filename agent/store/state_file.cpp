// The open state file; see the header.
#include "store/state_file.hpp"

#include <fmt/format.h>

#include <vector>

#include "store/sweep_lock.hpp"

namespace docksweep::store {

state_file::~state_file() {
  if (state_.durable && state_.writable) reset_log(state_.file);
}

core::result<void> state_file::set_durability(durability how) {
  if (how == durability_) return {};
  auto set = state_.file.execute(how == durability::synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (set) durability_ = how;
  return set;
}

core::result<void> state_file::must_be_writable() const {
  if (state_.writable) return {};
  return core::fail(core::failure_code::storage,
                    fmt::format("the state in {} was opened to be read only: nothing can be saved in it", path()));
}

core::result<std::int64_t> state_file::engine_number(const std::string& engine) {
  auto query = state_.file.prepare("SELECT number FROM engines WHERE id = ?1");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, engine);
  const auto row = query->step();
  if (!row) return std::unexpected(row.error());
  if (*row) return query->number(0);
  auto add = state_.file.prepare("INSERT INTO engines (id) VALUES (?1)");
  if (!add) return std::unexpected(add.error());
  add->bind_text(1, engine);
  if (auto done = add->run(); !done) return std::unexpected(done.error());
  const std::int64_t number = state_.file.last_row();
  if (state_.durable) (void)make_sweep_lock(sweep_lock_path(path(), engine));  // later, else
  return number;
}

void state_file::make_room() {
  if (!state_.durable || !state_.writable) return;
  (void)set_durability(durability::written);
  core::result<void> done = remove_filler(state_.file);
  if (done) done = extend_log(state_.file);
  if (done) done = keep_free_pages(state_.file, stopping_);
  if (auto filled = reserve_.fill(); done) done = filled;
  auto engines = state_.file.prepare("SELECT id FROM engines");
  if (engines) {
    (void)engines->each([&] { (void)make_sweep_lock(sweep_lock_path(path(), std::string(engines->bytes(0)))); });
  }
  if (done) return;
  log_.log(app::log_level::warn, "state_without_reserve",
           {{"path", path()},
            {"why", done.error().message},
            {"next", "go on; if the disk fills up now, a sweep may fail for want of room for its record"}});
}

void state_file::find_room() {
  if (reserve_.give_back()) {
    given_back_ = true;
    log_.log(app::log_level::warn, "state_reserve_used",
             {{"path", reserve_.path()},
              {"why", "no room is left for the state"},
              {"next", "fill it again when there is room"}});
  }
  // What is in the log goes to its place, so that the log begins anew.
  (void)state_.file.execute("PRAGMA wal_checkpoint(PASSIVE)");
}

void state_file::restore_reserve() {
  if (given_back_ && reserve_.fill()) given_back_ = false;
}

}  // namespace docksweep::store
