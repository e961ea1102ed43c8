// `docksweep init`: a commented configuration to start from.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/whole_file.hpp"
#include "config/examples.hpp"

namespace docksweep::cli {
namespace {

int no_such_example(const std::string& name) {
  complain(fmt::format("there is no configuration named '{}'; there are", name));
  for (const auto& one : config::examples()) note(fmt::format("  {:14}  {}", one.name, one.summary));
  return bad_usage;
}

int write_file(const init_command& what, std::string_view text) {
  if (what.force) {
    const auto written = replace_file(what.output, text);
    if (!written) complain(written.error().message);
    return written ? done : failed;
  }
  const auto created = create_file(what.output, text);
  if (created) return done;
  complain(created.error().exists ? fmt::format("{} is there already; --force overwrites it", what.output)
                                  : created.error().message);
  return failed;
}

}  // namespace

int execute(const global_options&, const init_command& what) {
  const auto* example = config::find_example(what.name.empty() ? "default" : what.name);
  if (example == nullptr) return no_such_example(what.name);
  if (what.output.empty()) return print(example->text) ? done : failed;
  const int status = write_file(what, example->text);
  if (status == done) {
    note(fmt::format("{} is written. Next: docksweep check-config --config {}", what.output, what.output));
  }
  return status;
}

}  // namespace docksweep::cli
