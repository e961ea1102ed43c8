// Sweeps and removals in the file: written before a removal is attempted and again after it, read by whoever asks what
// happened. For the store's own thread; contracts are those of app::history.
#pragma once

#include <string>
#include <vector>

#include "app/history.hpp"
#include "store/state_file.hpp"

namespace docksweep::store {

class sweep_tables {
 public:
  explicit sweep_tables(state_file& file) : file_(file) {}  // outlives this

  struct given_ids {
    std::int64_t sweep = 0;
    std::vector<std::int64_t> removals;
  };
  // Synced. Where a full disk has no room for what containers were inspected as, it goes without that (a note says
  // so).
  core::result<given_ids> begin_sweep(const core::sweep_record& sweep,
                                      const std::vector<core::removal_record>& removals);
  // Written, not synced: after a power cut the removal reads as `planned` or `attempted` of a sweep that is `running`,
  // and is settled like that of a crash.
  core::result<void> update_removal(const core::removal_record& removal);
  core::result<void> mark_restored(std::int64_t removal, core::instant at);
  core::result<void> end_sweep(const core::sweep_record& sweep);  // synced, all updates before it too
  core::result<void> record_foreign(const std::string& engine, const std::vector<core::removal_record>& gone);

  core::result<app::history_page> load(const app::history_query& query);
  core::result<app::history_page> unsettled(const std::string& engine);
  core::result<std::vector<core::removal_record>> removed_since(const std::string& engine, core::instant since);
  core::result<std::int64_t> count_restored_since(const std::string& engine, core::instant since);

  // A few sweeps at a time: other processes write in between.
  core::result<void> forget_before(core::instant when);

 private:
  core::result<std::int64_t> insert_sweep(const core::sweep_record& sweep, std::int64_t engine);
  enum class with_inspects { no, yes };
  core::result<std::vector<std::int64_t>> insert_removals(const std::vector<core::removal_record>& removals,
                                                          std::int64_t sweep, std::int64_t engine,
                                                          with_inspects inspects);
  core::result<void> change_removal(statement& put, std::int64_t id);
  core::result<void> save_inspect(std::int64_t removal, const std::string& text);
  core::result<void> load_removals(const std::string& condition, std::int64_t value, bool newest_first,
                                   std::vector<core::removal_record>& into);
  core::result<void> load_foreign(const app::history_query& query, app::history_page& page);

  state_file& file_;
};

}  // namespace docksweep::store
