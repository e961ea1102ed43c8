// What went wrong, in a form that the program can act on and a person can read.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace docksweep::core {

enum class failure_code {
  unreachable,   // nobody answers there: no socket, connection refused, broken pipe
  timeout,       // a deadline passed; whether the other side acted is unknown
  cancelled,     // we stopped it ourselves (shutdown)
  not_found,     // 404: the object is gone, which is often a success
  conflict,      // 409: the engine says that the object is in use
  too_old,       // 400 "client version … is too old": negotiate again
  refused,       // any other 4xx
  engine_error,  // 5xx: the engine's own fault
  malformed,     // an answer that is not what the API promises
  too_large,     // a body beyond its limit
  invalid,       // wrong usage or configuration (exit status 2)
  storage,       // our own state could not be read or written
};

struct failure {
  failure_code code = failure_code::engine_error;
  std::string message;  // complete sentence for people: what, where, what to do; holds the engine's own words
  int http_status = 0;  // 0 where no HTTP answer came
};

template <typename T>
using result = std::expected<T, failure>;

inline std::unexpected<failure> fail(failure_code code, std::string message, int http_status = 0) {
  return std::unexpected(failure{code, std::move(message), http_status});
}

}  // namespace docksweep::core
