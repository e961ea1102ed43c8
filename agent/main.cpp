// docksweep: from the command line to the command, and the last catch.
#include <csignal>
#include <exception>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"

int main(int argc, char** argv) {
  using namespace docksweep;
  try {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that has enough (`docksweep images | head`) is no fault; see cli::print
    const auto line = cli::parse_command_line(argc, argv);
    if (!line) {
      cli::note_raw(line.error().err);
      return cli::print(line.error().out) ? line.error().status : cli::failed;
    }
    return std::visit([&line](const auto& command) { return cli::execute(line->global, command); }, line->what);
  } catch (const std::exception& error) {
    cli::complain(std::string("this should not have happened, please report it: ") + error.what());
  }
  return cli::failed;
}
