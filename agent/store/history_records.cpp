// Sweeps and removals ↔ bytes; see the header.
#include "store/history_records.hpp"

#include <fmt/format.h>

#include "store/blob.hpp"

namespace docksweep::store {
namespace {

constexpr std::uint64_t sweep_format = 1;
constexpr std::uint64_t removal_format = 2;  // 2: archive
constexpr std::uint64_t shadow_format = 1;

// The numbers of these words are in files: whoever adds a word anywhere but at the end has to translate here.
static_assert(static_cast<int>(core::sweep_trigger::manual) == 3);
static_assert(static_cast<int>(core::sweep_outcome::running) == 0);
static_assert(static_cast<int>(core::sweep_outcome::interrupted) == 5);
static_assert(static_cast<int>(core::sweep_outcome::observed) == 6);
static_assert(static_cast<int>(core::removal_outcome::attempted) == 1);
static_assert(static_cast<int>(core::removal_outcome::removed) == 2);
static_assert(static_cast<int>(core::removal_outcome::unknown) == 7);
static_assert(static_cast<int>(core::removal_outcome::foreign) == 9);
static_assert(static_cast<int>(core::target_kind::image) == 2);
static_assert(static_cast<int>(core::target_kind::volume) == 3);
static_assert(static_cast<int>(core::image_origin::loaded) == 3);
static_assert(static_cast<int>(core::reason::min_age) == 9);
static_assert(static_cast<int>(core::reason::selected) == 14);

template <typename Word>
Word word_from(std::int64_t number, Word last, Word otherwise) {
  return number >= 0 && number <= static_cast<std::int64_t>(last) ? static_cast<Word>(number) : otherwise;
}

void write_range(blob_writer& out, const core::byte_range& range) {
  out.signed_number(range.at_least);
  out.signed_number(range.at_most);
}

core::byte_range read_range(blob_reader& in) {
  core::byte_range range;
  range.at_least = in.signed_number();
  range.at_most = in.signed_number();
  return range;
}

void write_texts(blob_writer& out, const std::vector<std::string>& texts) {
  out.number(texts.size());
  for (const std::string& text : texts) out.text(text);
}

std::vector<std::string> read_texts(blob_reader& in) {
  std::vector<std::string> texts(in.count());
  for (std::string& text : texts) text = in.text();
  return texts;
}

void write_ids(blob_writer& out, const std::vector<std::string>& ids) {
  out.number(ids.size());
  for (const std::string& id : ids) out.identifier(id);
}

std::vector<std::string> read_ids(blob_reader& in) {
  std::vector<std::string> ids(in.count());
  for (std::string& id : ids) id = in.identifier();
  return ids;
}

// "repository@sha256:…" in two halves, the second one as raw bytes.
void write_digests(blob_writer& out, const std::vector<std::string>& digests) {
  out.number(digests.size());
  for (const std::string& digest : digests) {
    const std::size_t at = digest.rfind('@');
    const bool whole = at == std::string::npos;
    out.number(whole ? 0 : 1);
    out.text(std::string_view(digest).substr(0, at));
    if (!whole) out.identifier(std::string_view(digest).substr(at + 1));
  }
}

std::vector<std::string> read_digests(blob_reader& in) {
  std::vector<std::string> digests(in.count());
  for (std::string& digest : digests) {
    const bool halves = in.number() != 0;
    digest = in.text();
    if (halves) digest += "@" + in.identifier();
  }
  return digests;
}

std::string_view bounded_problem(std::string_view text) {
  if (text.size() <= problem_limit_bytes) return text;
  std::size_t size = problem_limit_bytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

std::string encode(const core::sweep_record& sweep) {
  blob_writer out;
  out.number(sweep_format);
  out.number(static_cast<std::uint64_t>(sweep.trigger));
  out.text(sweep.actor);
  out.text(sweep.cause);
  out.text(bounded_problem(sweep.problem));
  write_range(out, sweep.predicted);
  out.optional_number(sweep.freed);
  out.optional_number(sweep.disk_freed);
  out.signed_number(sweep.planned);
  out.signed_number(sweep.removed);
  out.signed_number(sweep.failed);
  return out.take();
}

bool decode(std::string_view record, core::sweep_record& into) {
  blob_reader in(record);
  if (in.number() != sweep_format) return false;
  into.trigger =
      word_from(static_cast<std::int64_t>(in.number()), core::sweep_trigger::manual, core::sweep_trigger::manual);
  into.actor = in.text();
  into.cause = in.text();
  into.problem = in.text();
  into.predicted = read_range(in);
  into.freed = in.optional_number();
  into.disk_freed = in.optional_number();
  into.planned = static_cast<int>(in.signed_number());
  into.removed = static_cast<int>(in.signed_number());
  into.failed = static_cast<int>(in.signed_number());
  return in.ok() && in.at_end();
}

std::string encode(const core::removal_record& removal) {
  blob_writer out;
  out.number(removal_format);
  out.identifier(removal.object_id);
  write_texts(out, removal.references);
  write_digests(out, removal.digests);
  write_ids(out, removal.layers);
  out.text(removal.platform);
  out.number(static_cast<std::uint64_t>(removal.origin));
  out.number(static_cast<std::uint64_t>(removal.why));
  out.text(removal.rule);
  write_range(out, removal.predicted);
  out.text(bounded_problem(removal.problem));
  write_ids(out, removal.also);
  out.text(removal.archive);
  return out.take();
}

bool decode(std::string_view record, core::removal_record& into) {
  blob_reader in(record);
  const auto format = in.number();
  if (format == 0 || format > removal_format) return false;
  into.object_id = in.identifier();
  into.references = read_texts(in);
  into.digests = read_digests(in);
  into.layers = read_ids(in);
  into.platform = in.text();
  into.origin = image_origin_from(static_cast<std::int64_t>(in.number()));
  into.why = word_from(static_cast<std::int64_t>(in.number()), core::reason::selected, core::reason::selected);
  into.rule = in.text();
  into.predicted = read_range(in);
  into.problem = in.text();
  into.also = read_ids(in);
  if (format >= 2) into.archive = in.text();
  return in.ok() && in.at_end();
}

std::string encode_references(const core::shadow_removal& shadow) {
  blob_writer out;
  out.number(shadow_format);
  write_texts(out, shadow.references);
  return out.take();
}

bool decode_references(std::string_view record, core::shadow_removal& into) {
  blob_reader in(record);
  if (in.number() != shadow_format) return false;
  into.references = read_texts(in);
  return in.ok() && in.at_end();
}

std::string bounded_inspect(const std::string& inspect) {
  if (inspect.size() <= inspect_limit_bytes) return inspect;
  return fmt::format(R"({{"docksweep_dropped":"the engine's answer of {} bytes is over the limit of {}"}})",
                     inspect.size(), inspect_limit_bytes);
}

std::string inspect_without_room(const std::string& inspect) {
  if (inspect.empty()) return inspect;
  return fmt::format(R"({{"docksweep_dropped":"no room on a full disk for the engine's answer of {} bytes"}})",
                     inspect.size());
}

std::int64_t number_of(core::sweep_outcome outcome) {
  return static_cast<std::int64_t>(outcome);
}
std::int64_t number_of(core::removal_outcome outcome) {
  return static_cast<std::int64_t>(outcome);
}
std::int64_t number_of(core::target_kind kind) {
  return static_cast<std::int64_t>(kind);
}
std::int64_t number_of(core::image_origin origin) {
  return static_cast<std::int64_t>(origin);
}

core::sweep_outcome sweep_outcome_from(std::int64_t number) {
  return word_from(number, core::sweep_outcome::observed, core::sweep_outcome::failed);
}
core::removal_outcome removal_outcome_from(std::int64_t number) {
  return word_from(number, core::removal_outcome::foreign, core::removal_outcome::unknown);
}
core::target_kind target_kind_from(std::int64_t number) {
  return word_from(number, core::target_kind::volume, core::target_kind::image);
}
core::image_origin image_origin_from(std::int64_t number) {
  return word_from(number, core::image_origin::loaded, core::image_origin::unknown);
}

}  // namespace docksweep::store
