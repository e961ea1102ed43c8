// Runs one program to its end without blocking the io_context: bounded output, a deadline, and nothing left behind.
// Linux: posix_spawn and pidfd (where the kernel has none, the program's end is looked for every few milliseconds).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/engine.hpp"
#include "core/failure.hpp"

namespace docksweep::engine {

struct process_request {
  std::string program;                   // absolute path; never a shell
  std::vector<std::string> arguments;    // after the program's name
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string input;                     // for its stdin, at most input_limit_bytes
  std::chrono::milliseconds timeout{};
  std::size_t output_limit_bytes = 64 << 10;  // of stdout, and of stderr
  bool use_pidfd = true;                      // tests: as on a kernel without pidfd_open
};
inline constexpr std::size_t input_limit_bytes = 4096;  // what a pipe takes at once (PIPE_BUF), so that nothing waits

struct process_outcome {
  enum class end {
    exited,     // `status` is its exit status
    signalled,  // `status` is the signal that ended it
    unknown,    // somebody else has reaped it
    timed_out,  // killed: it had not ended in time
    flooded,    // killed: it wrote more than it may
    unstarted,  // `status` is the errno that kept it from starting
  };
  end how = end::unknown;
  int status = 0;
  std::string output, errors;  // stdout and stderr, whole unless flooded
};

// The program gets a process group of its own. Whatever the end (deadline, flood, cancellation, a destroyed coroutine),
// the group is killed, with children that the program left in it, and the program is reaped. What it wrote before its
// end is read; a child that still holds the pipes is not waited for.
// Fails (cancelled) when the awaiting coroutine is cancelled, and (invalid) for an input beyond its limit.
app::task<core::result<process_outcome>> run_process(boost::asio::any_io_executor executor, process_request request);

}  // namespace docksweep::engine
