// Matchers as anybody may write them: what is read is written and read again as the same, and a fault stands in the
// text.
#include <cstdint>
#include <string_view>

#include "core/matcher.hpp"
#include "fuzz/invariant.hpp"

namespace {

using namespace docksweep;
using fuzz::must;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto all = core::parse_matchers(text);
  if (!all) {
    must(all.error().offset <= text.size(), "a fault lies outside of the text");
    must(!all.error().message.empty(), "a fault says nothing");
    return 0;
  }
  for (const auto& one : *all) {
    const auto again = core::label_matcher::parse(one.canonical());
    must(again.has_value(), "the canonical form cannot be read");
    must(again->name() == one.name() && again->value() == one.value() && again->how() == one.how(),
         "the canonical form says something else");
    const core::label_list has{{one.name(), one.value()}};
    using enum core::label_matcher::op;
    must(one.how() != equal || one.fits(has), "a value does not equal itself");
    must(one.how() != not_equal || !one.fits(has), "a value differs from itself");
    must(one.fits(core::label_list()) == one.fits(std::string_view()), "a missing label is not the empty one");
    must(again->fits(has) == one.fits(has), "two readings disagree");
  }
  return 0;
}
