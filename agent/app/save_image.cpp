#include "app/save_image.hpp"

#include <fmt/format.h>

#include <utility>

namespace docksweep::app {

task<core::result<void>> check_archive_room(disks& file_systems, archive_need need) {
  auto measuring = file_systems.measure(need.folder);
  const auto there = co_await std::move(measuring);
  if (!there) {
    co_return core::fail(core::failure_code::storage,
                         fmt::format("the archive {} cannot be used: {}", need.folder, there.error().message));
  }
  const auto wanted = need.image_bytes + archive_margin_bytes;
  bool another = there->device != 0 && !need.engine_paths.empty();
  for (const std::string& path : need.engine_paths) {
    auto looking = file_systems.measure(path);
    const auto engines = co_await std::move(looking);
    const bool same = !engines || engines->device == 0 || engines->device == there->device;
    another = another && !same;
    if (!need.engine_spools || !engines) continue;
    // Its copy and ours, where both come to lie on one disk.
    const auto room = engines->avail_bytes - (same ? need.image_bytes : 0);
    if (room >= wanted) continue;
    co_return core::fail(core::failure_code::storage,
                         fmt::format("the engine writes all of an image to its own disk before it hands it out, and {} has "
                                     "{} bytes free, where {} and {} to spare are wanted",
                                     path, engines->avail_bytes, need.image_bytes * (same ? 2 : 1), archive_margin_bytes));
  }
  if (another || there->avail_bytes >= wanted) co_return core::result<void>();
  co_return core::fail(core::failure_code::storage,
                       fmt::format("the archive {} is on the engine's disk and has {} bytes free, where {} and {} to spare "
                                   "are wanted: use another disk",
                                   need.folder, there->avail_bytes, need.image_bytes, archive_margin_bytes));
}

task<core::result<std::string>> save_image(image_transfer& engine, image_archive& archive, std::string folder,
                                           std::string image_id) {
  auto creating = archive.create(std::move(folder), image_id);
  auto file = co_await std::move(creating);
  if (!file) co_return std::unexpected(std::move(file.error()));
  archive_writer& writer = **file;
  const piece_consumer consume = [&writer](std::string_view piece) { return writer.write(piece); };
  auto saving = engine.save_image(std::move(image_id), consume);
  const auto saved = co_await std::move(saving);
  if (!saved) co_return std::unexpected(saved.error());
  auto committing = writer.commit();
  co_return co_await std::move(committing);
}

}  // namespace docksweep::app
