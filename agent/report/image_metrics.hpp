// The opt-in series of single images.
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <vector>

#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::report {

// docksweep_image_size_bytes, docksweep_image_unique_bytes and, where `usage` is not null,
// docksweep_image_last_used_timestamp_seconds{image,id} for the `limit` largest pairs of name and image
// (an image with three tags is three pairs; without a tag its name is "<none>"; intermediate images are left out, as
// `docker images` does), and docksweep_image_series_omitted: how many pairs did not fit. Ties go by ID, then name.
std::vector<prometheus::MetricFamily> image_families(const core::view& view, std::size_t limit,
                                                     const core::use_book* usage);

}  // namespace docksweep::report
