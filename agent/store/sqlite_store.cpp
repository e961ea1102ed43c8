// The store in SQLite; see the header. Every function of the tables runs on the worker's thread.
#include "store/sqlite_store.hpp"

#include <chrono>
#include <mutex>
#include <set>

#include "store/alert_tables.hpp"
#include "store/image_tables.hpp"
#include "store/memory_tables.hpp"
#include "store/sweep_lock.hpp"
#include "store/sweep_tables.hpp"
#include "store/worker.hpp"

namespace docksweep::store {
namespace {

using app::history_page;
using core::result;
using permit = std::unique_ptr<app::sweep_permit>;

// Permits of a state in memory: nobody else can see it, so one process is all there is.
class permits_in_memory {
 public:
  permit try_for(const std::string& engine) {
    const std::lock_guard guard(all_->mutex);
    if (!all_->held.insert(engine).second) return nullptr;
    return std::make_unique<one>(all_, engine);
  }

 private:
  struct shared {
    std::mutex mutex;
    std::set<std::string> held;
  };
  class one final : public app::sweep_permit {
   public:
    one(std::shared_ptr<shared> all, std::string engine) : all_(std::move(all)), engine_(std::move(engine)) {}
    ~one() override {
      const std::lock_guard guard(all_->mutex);
      all_->held.erase(engine_);
    }

   private:
    std::shared_ptr<shared> all_;
    std::string engine_;
  };
  std::shared_ptr<shared> all_ = std::make_shared<shared>();
};

class sqlite_store final : public app::state {
 public:
  sqlite_store(std::unique_ptr<worker> thread, opened_state opened, app::log_sink& log)
      : file_(std::move(opened), log, thread->stopping()), worker_(std::move(thread)) {
    worker_->post([this] { make_room(); });
  }

  app::task<result<bool>> knows_an_engine() override {
    return on_thread<bool>([this] { return images_.knows_an_engine(); });
  }
  app::task<result<std::vector<core::image_details>>> load_image_details(std::string engine_id) override {
    return on_thread<std::vector<core::image_details>>(
        [this, engine = std::move(engine_id)] { return images_.load_image_details(engine); });
  }
  app::task<result<void>> save_image_details(std::string engine_id, std::vector<core::image_details> details) override {
    return on_thread<void>([this, engine = std::move(engine_id), all = std::move(details)] {
      return images_.save_image_details(engine, all);
    });
  }
  app::task<result<void>> keep_only_image_details(std::string engine_id, std::vector<std::string> ids) override {
    return on_thread<void>([this, engine = std::move(engine_id), kept = std::move(ids)] {
      return images_.keep_only_image_details(engine, kept);
    });
  }
  app::task<result<std::optional<core::disk_usage>>> load_disk_usage(core::engine_identity of) override {
    return on_thread<std::optional<core::disk_usage>>(
        [this, engine = std::move(of)] { return images_.load_disk_usage(engine); });
  }
  app::task<result<void>> save_disk_usage(core::engine_identity of, core::disk_usage usage) override {
    return on_thread<void>([this, engine = std::move(of), value = std::move(usage)] {
      return images_.save_disk_usage(engine, value);
    });
  }
  bool durable() const override { return file_.durable(); }

  app::task<result<permit>> try_to_sweep(std::string engine_id) override {
    return on_thread<permit>([this, engine = std::move(engine_id)]() -> result<permit> {
      if (auto can = file_.must_be_writable(); !can) return std::unexpected(can.error());
      if (!file_.durable()) return permits_.try_for(engine);
      return try_sweep_lock(sweep_lock_path(file_.path(), engine));
    });
  }
  app::task<result<void>> begin_sweep(core::sweep_record& sweep, std::vector<core::removal_record>& removals) override {
    // Copies: a caller who is cancelled leaves while the thread still works.
    std::function<result<sweep_tables::given_ids>()> job = [this, one = sweep, all = removals] {
      return sweeps_.begin_sweep(one, all);
    };
    const auto given = co_await on_thread<sweep_tables::given_ids>(std::move(job));
    if (!given) co_return std::unexpected(given.error());
    sweep.id = given->sweep;
    for (std::size_t i = 0; i < removals.size(); ++i) {
      removals[i].id = given->removals[i];
      removals[i].sweep_id = given->sweep;
    }
    co_return result<void>();
  }
  app::task<result<void>> update_removal(core::removal_record removal) override {
    return on_thread<void>([this, one = std::move(removal)] { return sweeps_.update_removal(one); });
  }
  app::task<result<void>> end_sweep(core::sweep_record sweep) override {
    return on_thread<void>([this, one = std::move(sweep)] {
      auto done = sweeps_.end_sweep(one);
      if (done) worker_->post([this] { make_room(); });  // what its record took from the reserve
      return done;
    });
  }
  app::task<result<void>> record_foreign(std::string engine_id, std::vector<core::removal_record> gone) override {
    return on_thread<void>(
        [this, engine = std::move(engine_id), all = std::move(gone)] { return sweeps_.record_foreign(engine, all); });
  }
  app::task<result<history_page>> load_history(app::history_query query) override {
    return on_thread<history_page>([this, asked = std::move(query)] { return sweeps_.load(asked); });
  }
  app::task<result<history_page>> unsettled(std::string engine_id) override {
    return on_thread<history_page>([this, engine = std::move(engine_id)] { return sweeps_.unsettled(engine); });
  }
  app::task<result<std::vector<core::removal_record>>> removed_since(std::string engine_id,
                                                                     core::instant since) override {
    return on_thread<std::vector<core::removal_record>>(
        [this, engine = std::move(engine_id), since] { return sweeps_.removed_since(engine, since); });
  }
  app::task<result<void>> mark_restored(std::int64_t removal, core::instant at) override {
    return on_thread<void>([this, removal, at] { return sweeps_.mark_restored(removal, at); });
  }
  app::task<result<std::int64_t>> count_restored_since(std::string engine_id, core::instant since) override {
    return on_thread<std::int64_t>(
        [this, engine = std::move(engine_id), since] { return sweeps_.count_restored_since(engine, since); });
  }
  app::task<result<void>> forget_history_before(core::instant when) override {
    return on_thread<void>([this, when] { return sweeps_.forget_before(when); });
  }

  app::task<result<std::optional<core::pause_state>>> load_pause() override {
    return on_thread<std::optional<core::pause_state>>([this] { return memory_.load_pause(); });
  }
  app::task<result<void>> save_pause(std::optional<core::pause_state> pause) override {
    return on_thread<void>([this, value = std::move(pause)] { return memory_.save_pause(value); });
  }
  app::task<result<std::map<std::string, core::policy_memory>>> load_policies(std::string engine_id) override {
    return on_thread<std::map<std::string, core::policy_memory>>(
        [this, engine = std::move(engine_id)] { return memory_.load_policies(engine); });
  }
  app::task<result<void>> save_policy(std::string engine_id, core::policy_memory memory) override {
    return on_thread<void>([this, engine = std::move(engine_id), value = std::move(memory)] {
      return memory_.save_policy(engine, value, std::chrono::system_clock::now());
    });
  }
  app::task<result<std::vector<core::shadow_removal>>> load_shadows(std::string engine_id,
                                                                    core::instant since) override {
    return on_thread<std::vector<core::shadow_removal>>(
        [this, engine = std::move(engine_id), since] { return memory_.load_shadows(engine, since); });
  }
  app::task<result<void>> save_shadows(std::string engine_id, std::vector<core::shadow_removal> shadows) override {
    return on_thread<void>(
        [this, engine = std::move(engine_id), all = std::move(shadows)] { return memory_.save_shadows(engine, all); });
  }
  app::task<result<void>> forget_shadow(std::string engine_id, std::string policy, std::string image_id) override {
    return on_thread<void>([this, engine = std::move(engine_id), name = std::move(policy),
                            image = std::move(image_id)] { return memory_.forget_shadow(engine, name, image); });
  }

  app::task<result<std::vector<core::use_record>>> load_image_use(std::string engine_id) override {
    return load_use(std::move(engine_id), memory_tables::use_of::images);
  }
  app::task<result<void>> save_image_use(std::string engine_id, core::use_book::changes changes) override {
    return save_use(std::move(engine_id), memory_tables::use_of::images, std::move(changes));
  }
  app::task<result<std::vector<core::use_record>>> load_volume_use(std::string engine_id) override {
    return load_use(std::move(engine_id), memory_tables::use_of::volumes);
  }
  app::task<result<void>> save_volume_use(std::string engine_id, core::use_book::changes changes) override {
    return save_use(std::move(engine_id), memory_tables::use_of::volumes, std::move(changes));
  }
  app::task<result<std::optional<clock_mark>>> load_clock_mark() override {
    return on_thread<std::optional<clock_mark>>([this] { return memory_.load_clock_mark(); });
  }
  app::task<result<void>> save_clock_mark(clock_mark mark) override {
    return on_thread<void>([this, value = std::move(mark)] { return memory_.save_clock_mark(value); });
  }

  app::task<result<std::vector<core::alert_record>>> load_alerts(std::string engine_id) override {
    return on_thread<std::vector<core::alert_record>>(
        [this, engine = std::move(engine_id)] { return alerts_.load(engine); });
  }
  app::task<result<std::vector<bool>>> add_alerts(std::string engine_id,
                                                  std::vector<core::alert_record> alerts) override {
    return on_thread<std::vector<bool>>(
        [this, engine = std::move(engine_id), all = std::move(alerts)] { return alerts_.add(engine, all); });
  }
  app::task<result<std::vector<bool>>> move_alerts(std::string engine_id, std::vector<core::alert_key> which,
                                                   core::alert_state from, core::alert_state to) override {
    return on_thread<std::vector<bool>>([this, engine = std::move(engine_id), keys = std::move(which), from, to] {
      return alerts_.move(engine, keys, from, to);
    });
  }
  app::task<result<void>> hear_alerts(std::string engine_id, std::vector<core::alert_key> which,
                                      core::instant when) override {
    return on_thread<void>([this, engine = std::move(engine_id), keys = std::move(which), when] {
      return alerts_.hear(engine, keys, when);
    });
  }
  app::task<result<void>> forget_alerts_before(core::instant when) override {
    return on_thread<void>([this, when] { return alerts_.forget_before(when); });
  }

  app::task<result<std::int64_t>> writes_by_others() override {
    return on_thread<std::int64_t>([this] { return file_.file().number("PRAGMA data_version"); });
  }

 private:
  template <typename T>
  app::task<result<T>> on_thread(std::function<result<T>()> job) {
    return worker_->run<T>([this, job = std::move(job)] {
      result<T> outcome = job();
      file_.file().release_memory();
      return outcome;
    });
  }
  app::task<result<std::vector<core::use_record>>> load_use(std::string engine_id, memory_tables::use_of what) {
    return on_thread<std::vector<core::use_record>>(
        [this, engine = std::move(engine_id), what] { return memory_.load_use(engine, what); });
  }
  app::task<result<void>> save_use(std::string engine_id, memory_tables::use_of what, core::use_book::changes changes) {
    return on_thread<void>([this, engine = std::move(engine_id), what, all = std::move(changes)] {
      return memory_.save_use(engine, what, all);
    });
  }
  void make_room() {
    file_.make_room();
    file_.file().release_memory();
  }

  state_file file_;
  image_tables images_{file_};
  sweep_tables sweeps_{file_};
  memory_tables memory_{file_};
  alert_tables alerts_{file_};
  permits_in_memory permits_;
  std::unique_ptr<worker> worker_;  // after what its jobs use: it ends first
};

}  // namespace

result<std::unique_ptr<app::state>> make_sqlite_store(const std::string& path, open_mode mode, app::log_sink& log) {
  auto thread = std::make_unique<worker>();
  auto state = open_state(path, mode, log, &thread->stopping());
  if (!state) return std::unexpected(state.error());
  return std::make_unique<sqlite_store>(std::move(thread), std::move(*state), log);
}

}  // namespace docksweep::store
