#include "app/restore.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/put_back.hpp"
#include "app/sweep_brake.hpp"
#include "core/pattern.hpp"
#include "core/reference.hpp"

namespace docksweep::app {
namespace {

using core::restore_outcome;
using source = core::restoration::source;

void add(std::string& problem, const std::string& more) {
  if (!problem.empty()) problem += "; ";
  problem += more;
}

class restoring {
 public:
  restoring(restore_parts& with, const std::string& engine_id, const std::string& actor,
            const restore_observer& observer, core::restoration what, std::size_t number)
      : with_(with), engine_id_(engine_id), actor_(actor), observer_(observer), number_(number) {
    image_.what = std::move(what);
  }

  task<core::restored_image> run() {
    auto bringing = bring_back();
    const bool there = co_await std::move(bringing);
    if (there) {
      auto naming = give_names();
      co_await std::move(naming);
      auto noting = note();
      co_await std::move(noting);
    }
    log();
    co_return std::move(image_);
  }

 private:
  const core::removal_record& removal() const { return image_.what.removal; }

  // Whether the image is there in the end.
  task<bool> bring_back() {
    if (!image_.what.why_not.empty()) {
      image_.outcome = restore_outcome::not_possible;
      image_.problem = image_.what.why_not;
      co_return false;
    }
    auto looking = is_there();
    bool there = co_await std::move(looking);
    if (there) co_return true;
    if (!image_.problem.empty()) co_return false;  // the engine could not be asked
    for (const source& from : image_.what.sources) {
      if (observer_.begins) observer_.begins(number_, image_.what, from.what);
      auto trying = from.from == source::kind::archive ? load(from.what) : pull(from.what);
      there = co_await std::move(trying);
      if (!there) continue;
      image_.source = from.what;
      image_.problem.clear();
      co_return true;
    }
    if (image_.problem.empty()) image_.problem = "it is not there any more, and nothing is known to bring it back from";
    co_return false;
  }

  // An engine that cannot be asked is a problem, and then nothing is pulled either.
  task<bool> is_there() {
    auto finding = with_.engine.find_image(removal().object_id);
    const auto found = co_await std::move(finding);
    if (!found) {
      throw_if_cancelled(found.error());
      add(image_.problem, found.error().message);
    }
    co_return found && *found;
  }

  task<bool> pull(std::string reference) {
    const auto at = reference.rfind('@');
    auto choosing = version_to_pull(reference.substr(0, at), reference.substr(at + 1));
    auto version = co_await std::move(choosing);
    pull_request wanted{reference.substr(0, at), std::move(version), removal().platform};
    auto pulling = with_.engine.pull_image(std::move(wanted), observer_.progress);
    const auto pulled = co_await std::move(pulling);
    if (!pulled) {
      throw_if_cancelled(pulled.error());
      const bool gone = pulled.error().code == core::failure_code::not_found;
      add(image_.problem, gone ? fmt::format("the registry no longer has {}: {}", reference, pulled.error().message)
                               : pulled.error().message);
      co_return false;
    }
    auto looking = is_there();
    const bool there = co_await std::move(looking);
    if (there) co_return true;
    auto finding = with_.engine.find_image(core::familiar_reference(reference));
    const auto came = co_await std::move(finding);
    add(image_.problem, came && *came ? fmt::format("the registry gave another image for {}: {}", reference, (*came)->id)
                                      : fmt::format("it was pulled as {}, and the engine does not have it", reference));
    co_return false;
  }

  // The digest; but the containerd store makes a name of a digest that is pulled, and has no way to take that away and
  // leave the image. There a tag that the image had is pulled where it means this digest in the registry to this day.
  task<std::string> version_to_pull(std::string repository, std::string digest) {
    if (with_.store != core::image_store::containerd) co_return digest;
    for (const std::string& name : image_.what.names) {
      const auto tagged = core::parse_reference(name);
      if (!tagged || tagged->repository() != repository || tagged->tag.empty()) continue;
      auto asking = with_.engine.registry_digest(repository, tagged->tag);
      const auto means = co_await std::move(asking);
      if (!means) throw_if_cancelled(means.error());
      if (!means || *means != digest) continue;
      // A pull by tag takes the tag from whatever has it by now.
      auto looking = with_.engine.find_image(name);
      const auto holder = co_await std::move(looking);
      if (!holder) throw_if_cancelled(holder.error());
      if (holder && !*holder) co_return tagged->tag;
    }
    co_return digest;
  }

  task<bool> load(std::string path) {
    auto opening = with_.archive.open(path);
    const auto file = co_await std::move(opening);
    if (!file) {
      add(image_.problem, file.error().message);
      co_return false;
    }
    const piece_source read = [&file] { return (*file)->read(); };
    auto loading = with_.engine.load_images(read);
    const auto loaded = co_await std::move(loading);
    if (!loaded) {
      throw_if_cancelled(loaded.error());
      add(image_.problem, loaded.error().message);
      co_return false;
    }
    auto looking = is_there();
    const bool there = co_await std::move(looking);
    if (!there) {
      add(image_.problem, fmt::format("{} held another image: {}", path, fmt::join(*loaded, ", ")));
    }
    co_return there;
  }

  task<void> give_names() {
    const bool came = !image_.source.empty();
    auto giving = put_back_names(with_.engine, removal().object_id, image_.what.names);
    const auto given = co_await std::move(giving);
    image_.names_given = given.back;
    for (const std::string& one : given.not_back) add(image_.problem, "not given back: " + one);
    for (const auto& [name, holder] : image_.what.taken) {
      add(image_.problem, fmt::format("{} means another image since: {}", name, holder));
    }
    if (!image_.problem.empty()) {
      image_.outcome = restore_outcome::incomplete;
    } else {
      image_.outcome = came || !image_.names_given.empty() ? restore_outcome::restored : restore_outcome::already_back;
    }
  }

  // On record, and used now: without an agent that watches nobody else would know.
  task<void> note() {
    // One that was cut off may have brought it back, and not come to this.
    if (image_.outcome == restore_outcome::already_back && removal().restored) co_return;
    const auto now = with_.now();
    core::use_book::changes used;
    const bool loaded = !removal().archive.empty() && image_.source == removal().archive;
    used.records.push_back({.id = removal().object_id,
                            .first_seen = now,
                            .last_used = now,
                            .in_use = false,
                            .origin = image_.source.empty() ? removal().origin
                                      : loaded              ? core::image_origin::loaded
                                                            : core::image_origin::pulled});
    auto saving = with_.record.save_image_use(engine_id_, std::move(used));
    const auto saved = co_await std::move(saving);
    if (!saved) {
      throw_if_cancelled(saved.error());
      add(image_.problem, "its use could not be put on record: " + saved.error().message);
    }
    auto writing = with_.record.mark_restored(removal().id, now);
    const auto written = co_await std::move(writing);
    if (!written) {
      throw_if_cancelled(written.error());
      add(image_.problem, "it could not be put on record: " + written.error().message);
    }
  }

  void log() const {
    std::vector<log_field> fields{{"sweep_id", std::to_string(removal().sweep_id)},
                                  {"actor", actor_},
                                  {"engine_id", engine_id_},
                                  {"image_id", removal().object_id},
                                  {"reference", fmt::format("{}", fmt::join(removal().references, ","))},
                                  {"source", image_.source},
                                  {"outcome", std::string(to_string(image_.outcome))}};
    if (!image_.problem.empty()) fields.push_back({"why", image_.problem});
    const bool well = image_.outcome == restore_outcome::restored || image_.outcome == restore_outcome::already_back;
    with_.log.write(well ? log_level::info : log_level::warn, "restore", fields);
  }

  restore_parts& with_;
  const std::string& engine_id_;
  const std::string& actor_;
  const restore_observer& observer_;
  std::size_t number_;
  core::restored_image image_;
};

}  // namespace

task<core::result<std::vector<core::restored_image>>> restore(restore_parts with, std::string engine_id, std::string actor,
                                                        std::vector<core::restoration> wanted,
                                                        restore_observer observer) {
  auto asking = with.record.try_to_sweep(engine_id);
  const auto permit = co_await std::move(asking);
  if (!permit) co_return std::unexpected(permit.error());
  if (*permit == nullptr) {
    co_return core::fail(core::failure_code::conflict, "a sweep of this engine is running: try again when it has ended");
  }
  std::vector<core::restored_image> all;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    restoring one(with, engine_id, actor, observer, std::move(wanted[i]), i + 1);
    auto running = one.run();
    auto ended = co_await std::move(running);
    if (observer.ended) observer.ended(ended);
    all.push_back(std::move(ended));
  }
  co_return all;
}

}  // namespace docksweep::app
