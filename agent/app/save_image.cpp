#include "app/save_image.hpp"

#include <fmt/format.h>

#include <utility>

namespace docksweep::app {
task<core::result<void>> check_archive_room(disks& file_systems, std::string folder, std::vector<std::string> engine_paths,
                                            core::byte_count image_bytes) {
  auto measuring = file_systems.measure(folder);
  const auto there = co_await std::move(measuring);
  if (!there) {
    co_return core::fail(core::failure_code::storage,
                         fmt::format("the archive {} cannot be used: {}", folder, there.error().message));
  }
  bool another = there->device != 0 && !engine_paths.empty();
  for (const std::string& path : engine_paths) {
    auto looking = file_systems.measure(path);
    const auto engines = co_await std::move(looking);
    another = another && engines && engines->device != 0 && engines->device != there->device;
  }
  if (another || there->avail_bytes >= image_bytes + archive_margin_bytes) co_return core::result<void>();
  co_return core::fail(core::failure_code::storage,
                       fmt::format("the archive {} is on the engine's disk and has {} bytes free, where {} and {} to spare "
                                   "are wanted: use another disk",
                                   folder, there->avail_bytes, image_bytes, archive_margin_bytes));
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
