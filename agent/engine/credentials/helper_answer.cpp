// Boost.JSON reads the answer.
#include "engine/credentials/helper_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstring>

#include "core/trimmed.hpp"
#include "engine/credentials/registry_auth.hpp"
#include "engine/credentials/registry_key.hpp"

namespace docksweep::engine {
namespace {

namespace json = boost::json;
using core::failure_code;
using end = process_outcome::end;

constexpr std::string_view token_user = "<token>";
constexpr std::size_t line_limit_bytes = 200, word_limit_bytes = 24;
constexpr std::string_view more = "…";

// What helpers say on stdout where they know no credential; docker/cli knows the first, the second is macOS's own,
// which an older osxkeychain helper passed on.
constexpr std::string_view not_found[] = {"credentials not found in native keychain",
                                          "The specified item could not be found in the keychain."};

// Words after which a secret may come.
constexpr std::string_view marks[] = {"pass",  "passwd", "password", "passphrase", "pwd",           "secret",
                                      "token", "bearer", "basic",    "auth",       "authorization", "login"};

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::string_view white_space = " \t\r\n";

std::string_view without_punctuation(std::string_view word) {
  return core::trimmed(word, ".,:;!?'\"()[]=");
}

bool is_mark(std::string_view word) {
  std::string small(without_punctuation(word));
  std::ranges::transform(small, small.begin(), lower);
  return std::ranges::any_of(marks, [&](auto each) { return small.starts_with(each); });
}

// Lower case, Capitalised or UPPER CASE letters, perhaps with a hyphen or an apostrophe inside.
bool is_plain(std::string_view word) {
  const auto letters = without_punctuation(word);
  if (letters.size() > word_limit_bytes) return false;
  const auto inside = [](char c) { return c == '-' || c == '\''; };
  const bool small = std::ranges::all_of(letters.substr(std::min<std::size_t>(1, letters.size())),
                                         [&](char c) { return is_lower(c) || inside(c); });
  const bool large = std::ranges::all_of(letters, [&](char c) { return is_upper(c) || inside(c); });
  const bool begins = letters.empty() || is_lower(letters.front()) || is_upper(letters.front());
  return begins && (small || large);
}

std::string in_quotes(std::string_view line) {
  return line.empty() ? "" : fmt::format(" (it said: {})", line);
}

std::unexpected<core::failure> fail(failure_code code, std::string_view name, std::string_view registry,
                                    std::string_view what) {
  return core::fail(code,
                    fmt::format("the credential helper docker-credential-{}, asked for {}, {}", name, registry, what));
}

// What to do about a helper that does not work: see for oneself what the agent does not repeat.
std::string try_it(std::string_view name, std::string_view registry) {
  return fmt::format("see what it says to `echo {} | docker-credential-{} get` as the agent's user",
                     server_address(registry), name);
}

std::optional<std::string_view> text_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr || value->is_null()) return "";
  if (const auto* text = value->if_string()) return std::string_view(text->data(), text->size());
  return std::nullopt;
}

core::result<std::optional<credential>> read_answer(std::string_view name, std::string_view registry,
                                                    std::string_view output) {
  const auto malformed = [&](std::string_view what) {
    return fail(failure_code::malformed, name, registry, fmt::format("{}; {}", what, try_it(name, registry)));
  };
  json::error_code error;
  const auto parsed = json::parse({output.data(), output.size()}, error);
  if (error || !parsed.is_object()) return malformed("gave an answer that is no JSON object");
  const auto& answer = parsed.get_object();
  const auto server = text_of(answer, "ServerURL"), user = text_of(answer, "Username"),
             word = text_of(answer, "Secret");
  if (!server || !user || !word) return malformed("gave an answer whose fields are no text");
  if (user->empty() && word->empty()) return std::nullopt;
  if (!server->empty()) {
    const auto key = parse_registry_key(*server);
    if (!key || key->host != canonical_host(registry)) {
      return malformed("answered for another registry; its answer is not used");
    }
  }
  if (user->empty()) return malformed("gave a secret without a user name");
  if (word->empty()) return malformed("gave a user name without a secret");
  credential login{.value = secret(*word)};
  if (*user == token_user) {
    login.is = credential::kind::identity_token;
  } else {
    login.username = *user;
  }
  if (const auto why = why_not_sendable(login); !why.empty()) {
    return malformed(fmt::format("gave an answer that cannot be used: {}", why));
  }
  return login;
}

}  // namespace

std::string presentable(std::string_view errors, std::string_view output,
                        std::initializer_list<std::string_view> known) {
  auto line = core::trimmed(errors.substr(0, errors.find('\n')), white_space);
  const bool cut = line.size() > line_limit_bytes;
  line = line.substr(0, line_limit_bytes);
  std::string out;
  bool any = false, hidden = false;
  const auto add = [&](std::string_view word) {
    if (!out.empty()) out += ' ';
    out += word;
  };
  while (!(line = core::trimmed(line, white_space)).empty()) {
    const auto word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    const auto bare = without_punctuation(word);
    const bool is_known = std::ranges::find(known, bare) != known.end();
    const bool shown = is_known || (is_plain(word) && (bare.size() < 4 || output.find(bare) == std::string_view::npos));
    if (shown) {
      add(word);
      any = any || !bare.empty();
    } else if (!hidden) {
      add(more);
    }
    hidden = !shown;
    if (is_mark(word)) {
      if (!core::trimmed(line, white_space).empty() && shown) add(more);
      return any ? out : "";
    }
  }
  if (cut && !hidden) add(more);
  return any ? out : "";
}

core::result<std::optional<credential>> judge_helper(std::string_view name, std::string_view registry,
                                                     std::chrono::milliseconds timeout,
                                                     const process_outcome& outcome) {
  const auto failed = [&](failure_code code, std::string_view what) {
    return fail(code, name, registry, fmt::format("{}; {}", what, try_it(name, registry)));
  };
  const auto words = in_quotes(presentable(outcome.errors, outcome.output, {registry, name}));
  switch (outcome.how) {
    case end::unstarted:
      return failed(failure_code::invalid, fmt::format("could not be started: {}", std::strerror(outcome.status)));
    case end::timed_out:
      return failed(failure_code::timeout,
                    fmt::format("did not answer within {} ms and was stopped; it may wait for somebody to type",
                                timeout.count()));
    case end::flooded:
      return failed(failure_code::too_large, "wrote more than an answer can have and was stopped");
    case end::signalled:
      return failed(failure_code::refused, fmt::format("was ended by signal {}{}", outcome.status, words));
    case end::unknown:
      return failed(failure_code::refused, "ended in a way that cannot be told");
    case end::exited:
      break;
  }
  if (outcome.status == 0) return read_answer(name, registry, outcome.output);
  const auto said = core::trimmed(outcome.output, white_space);
  if (std::ranges::any_of(not_found, [&](auto each) { return said.find(each) != std::string_view::npos; })) {
    return std::nullopt;
  }
  return failed(failure_code::refused, fmt::format("failed with exit status {}{}", outcome.status, words));
}

}  // namespace docksweep::engine
