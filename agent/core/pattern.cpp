// Globs are translated to RE2 expressions and anchored; regular expressions go to RE2 as they are.
#include "core/pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace docksweep::core {
namespace {

// A program of a few KiB per pattern: RE2 takes memory as it needs it, this is only its ceiling.
constexpr std::int64_t memory_ceiling_bytes = 1 << 20;

RE2::Options options() {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_never_capture(true);
  out.set_max_mem(memory_ceiling_bytes);
  return out;
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

void append_literal(std::string& out, char c) {
  // Bytes of UTF-8 sequences are no metacharacters and must stay together.
  if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
  out += c;
}

// Takes the class that begins at text[at] == '['; leaves `at` on its ']'.
parsed<std::string> translate_class(std::string_view text, std::size_t& at) {
  const auto from = at++;
  std::string out = "[";
  if (at < text.size() && (text[at] == '!' || text[at] == '^')) {
    out += '^';
    ++at;
  }
  for (const auto first = at; at < text.size() && (text[at] != ']' || at == first); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    if (std::string_view("\\[]^").find(text[at]) != std::string_view::npos) out += '\\';
    out += text[at];
  }
  if (at >= text.size()) {
    return std::unexpected(
        text_fault{fmt::format("\"{}\" has a [ without its ]: \\[ is the character itself", text), from});
  }
  return out + ']';
}

parsed<std::string> translate(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
      case '*':
        out += ".*";
        break;
      case '?':
        out += '.';
        break;
      case '[': {
        auto translated = translate_class(text, at);
        if (!translated) return translated;
        out += *translated;
        break;
      }
      case '\\':
        if (at + 1 == text.size()) {
          return std::unexpected(
              text_fault{fmt::format("\"{}\" ends in a \\: \\\\ is the character itself", text), at});
        }
        append_literal(out, text[++at]);
        break;
      default:
        append_literal(out, text[at]);
    }
  }
  return out;
}

struct split_reference {
  std::string_view domain;  // empty: docker.io
  std::string_view rest;
};

split_reference split(std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == std::string_view::npos) return {{}, reference};
  const auto first = reference.substr(0, slash);
  const bool is_domain = first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
                         std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_domain) return {{}, reference};
  const auto rest = reference.substr(slash + 1);
  if (first == "docker.io" || first == "index.docker.io") return {{}, rest};
  return {first, rest};
}

}  // namespace

glob::glob(std::string text, std::shared_ptr<const re2::RE2> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

parsed<glob> glob::compile(std::string_view text) {
  if (text.empty()) return std::unexpected(text_fault{"is empty: a glob that matches everything is \"*\"", 0});
  auto translated = translate(text);
  if (!translated) return std::unexpected(translated.error());
  auto how = options();
  how.set_dot_nl(true);
  auto compiled = std::make_shared<const RE2>(*translated, how);
  if (!compiled->ok()) {
    return std::unexpected(text_fault{fmt::format("\"{}\" is not a glob: {}", text, compiled->error()), 0});
  }
  return glob(std::string(text), std::move(compiled));
}

bool glob::matches(std::string_view name) const {
  return RE2::FullMatch(piece(name), *compiled_);
}

bool glob::matches_reference(std::string_view reference) const {
  return matches(reference) || matches(familiar_reference(reference)) || matches(canonical_reference(reference));
}

regex::regex(std::string text, std::shared_ptr<const re2::RE2> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

parsed<regex> regex::compile(std::string_view text) {
  auto compiled = std::make_shared<const RE2>(piece(text), options());
  if (!compiled->ok()) {
    // RE2 names the offending part but not where it is; an empty part means all of the expression.
    const auto at = text.find(compiled->error_arg());
    auto words = compiled->error() + " (the expression is RE2's, which has neither lookaround nor backreferences)";
    return std::unexpected(text_fault{std::move(words), at == std::string_view::npos ? 0 : at});
  }
  return regex(std::string(text), std::move(compiled));
}

bool regex::search(std::string_view name) const {
  return RE2::PartialMatch(piece(name), *compiled_);
}

bool regex::matches(std::string_view name) const {
  return RE2::FullMatch(piece(name), *compiled_);
}

std::string familiar_reference(std::string_view reference) {
  const auto [domain, rest] = split(reference);
  if (!domain.empty()) return std::string(reference);
  constexpr std::string_view library = "library/";
  const bool single = rest.starts_with(library) && rest.find('/', library.size()) == std::string_view::npos;
  return std::string(single ? rest.substr(library.size()) : rest);
}

std::string canonical_reference(std::string_view reference) {
  const auto [domain, rest] = split(reference);
  if (!domain.empty()) return std::string(reference);
  const bool single = rest.find('/') == std::string_view::npos;
  return fmt::format("docker.io/{}{}", single ? "library/" : "", rest);
}

}  // namespace docksweep::core
