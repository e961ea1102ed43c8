// Calls as curl lines, with secrets masked.
#include "net/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "net/percent.hpp"

namespace docksweep::net {
namespace {

constexpr std::array<std::string_view, 5> secret_headers{"authorization", "proxy-authorization", "x-registry-auth",
                                                         "x-registry-config", "cookie"};

bool is_secret(std::string_view name) {
  return std::any_of(secret_headers.begin(), secret_headers.end(),
                     [&](std::string_view secret) { return equal_ignoring_case(name, secret); });
}

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("/._-:@+,=").find(c) != std::string_view::npos;
}

// A word for a POSIX shell: as it is when harmless, else in single quotes.
std::string shell_word(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

double milliseconds(std::chrono::nanoseconds took) {
  return std::chrono::duration<double, std::milli>(took).count();
}

}  // namespace

std::string curl_line(const endpoint& where, const http_request& request) {
  std::string line = "curl";
  if (where.how == endpoint::kind::unix_socket) line += " --unix-socket " + shell_word(where.path);
  if (where.how == endpoint::kind::tls) {
    if (!where.tls.ca.empty()) line += " --cacert " + shell_word(where.tls.ca);
    if (!where.tls.cert.empty()) line += " --cert " + shell_word(where.tls.cert);
    if (!where.tls.key.empty()) line += " --key " + shell_word(where.tls.key);
  }
  if (request.what == verb::head) line += " --head";
  if (request.what == verb::post || request.what == verb::remove)
    line += fmt::format(" -X {}", to_string(request.what));
  for (const auto& [name, value] : request.headers) {
    line += " -H " + shell_word(fmt::format("{}: {}", name, is_secret(name) ? "***" : std::string_view(value)));
  }
  // A body may hold a password (POST /auth): only its size is shown.
  if (!request.body.empty()) line += fmt::format(" --data-binary '*** {} bytes'", request.body.size());
  if (request.source) line += " -T -";
  const std::string_view scheme = where.how == endpoint::kind::tls ? "https" : "http";
  return line + fmt::format(" {}", "'" + fmt::format("{}://{}{}", scheme, host_header(where), request.target) + "'");
}

std::string outcome_line(int status, std::chrono::nanoseconds took, std::size_t body_bytes) {
  return fmt::format("# {} in {:.1f} ms, {} bytes", status, milliseconds(took), body_bytes);
}

std::string failure_line(std::string_view message, std::chrono::nanoseconds took) {
  return fmt::format("# failed after {:.1f} ms: {}", milliseconds(took), message);
}

}  // namespace docksweep::net
