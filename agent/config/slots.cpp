// Slots of durations, byte amounts and counts.
#include "config/slots.hpp"

#include <fmt/format.h>

namespace docksweep::config {

text_slot duration_of(core::duration& place, core::duration least) {
  auto out = text_of<core::duration>(place, a_duration, core::parse_duration, core::print_duration);
  out.read = [&place, least](const std::string& text) -> set_fault {
    const auto value = core::parse_duration(text);
    if (!value) return value.error();
    if (*value < least)
      return core::text_fault{fmt::format("\"{}\" is too short: at least {}", text, core::print_duration(least)), 0};
    place = *value;
    return std::nullopt;
  };
  return out;
}

text_slot duration_of(std::optional<core::duration>& place) {
  return optional_of<core::duration>(place, a_duration, core::parse_duration, core::print_duration);
}

text_slot bytes_of(core::byte_count& place) {
  return text_of<core::byte_count>(place, an_amount, core::parse_bytes, core::print_bytes);
}

text_slot bytes_of(std::optional<core::byte_count>& place) {
  return optional_of<core::byte_count>(place, an_amount, core::parse_bytes, core::print_bytes);
}

number_slot count_of(int& place, int most) {
  return {.most = static_cast<double>(most),
          .set = [&place](double value) { place = static_cast<int>(value); },
          .get = [&place]() -> std::optional<double> { return place; }};
}

number_slot count_of(std::optional<int>& place) {
  return {.most = 1e6,
          .set = [&place](double value) { place = static_cast<int>(value); },
          .get = [&place]() -> std::optional<double> {
            if (!place) return std::nullopt;
            return *place;
          }};
}

}  // namespace docksweep::config
