#include "report/exposition_cache.hpp"

#include <utility>

#include "report/exposition.hpp"

namespace docksweep::report {
namespace {

constexpr std::chrono::seconds own_part_lives{1};

}  // namespace

exposition_cache::exposition_cache(exposition_sources sources) : sources_(std::move(sources)) {}

std::shared_ptr<const std::string> exposition_cache::page(exposition_format format, content_encoding encoding,
                                                          time_point now) {
  if (const auto revision = sources_.state_revision(); state_revision_ == 0 || revision != source_revision_) {
    source_revision_ = revision;
    ++state_revision_;
  }
  if (own_revision_ == 0 || now - own_since_ >= own_part_lives) {
    own_since_ = now;
    ++own_revision_;
  }
  auto& rendered = renderings_[static_cast<std::size_t>(format)];
  refresh(rendered, format);
  auto& page = rendered.pages[static_cast<std::size_t>(encoding)];
  if (page) return page;
  if (encoding == content_encoding::identity) {
    page = std::make_shared<const std::string>(rendered.state.text + rendered.own.text);
  } else {
    if (!rendered.state.packed) rendered.state.packed = deflate_part(rendered.state.text, part_place::inside);
    if (!rendered.own.packed) rendered.own.packed = deflate_part(rendered.own.text, part_place::last);
    page = std::make_shared<const std::string>(gzip_of({&*rendered.state.packed, &*rendered.own.packed}));
  }
  return page;
}

void exposition_cache::refresh(rendering& what, exposition_format format) {
  const auto render = [&](part& one, std::uint64_t revision, const exposition_sources::families& families) {
    if (one.revision == revision) return false;
    const auto current = families();  // may throw: nothing is touched before
    one.packed.reset();
    one.text.clear();
    write_families(one.text, current, format);
    one.revision = revision;
    what.pages = {};
    return true;
  };
  render(what.state, state_revision_, sources_.state);
  if (render(what.own, own_revision_, sources_.own)) close_exposition(what.own.text, format);
}

}  // namespace docksweep::report
