// Finds the helper, runs it, has its answer judged.
#include "engine/credentials/helper_process.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "engine/credentials/helper_answer.hpp"
#include "engine/credentials/process.hpp"
#include "engine/credentials/registry_key.hpp"

namespace docksweep::engine {
namespace {

using core::failure_code;

constexpr std::size_t name_limit_bytes = 64;

bool is_safe_name(std::string_view name) {
  return !name.empty() && name.size() <= name_limit_bytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

// The first file of that name that can be run, as a shell finds it; without one, `not_runnable` is a file that cannot.
struct search_result {
  std::string program, not_runnable;
};

search_result search(std::string_view path, const std::string& file) {
  search_result found;
  while (!path.empty() && found.program.empty()) {
    const auto folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(folder.size() + 1, path.size()));
    if (!folder.starts_with('/')) continue;  // relative: whoever owns the working folder would be asked for secrets
    auto candidate = fmt::format("{}/{}", folder, file);
    struct stat there{};
    if (::stat(candidate.c_str(), &there) != 0 || !S_ISREG(there.st_mode)) continue;
    (::access(candidate.c_str(), X_OK) == 0 ? found.program : found.not_runnable) = std::move(candidate);
  }
  return found;
}

std::vector<std::string> helper_environment(const std::string& search_path) {
  std::vector<std::string> out{"PATH=" + search_path};
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (!variable.starts_with("PATH=") && !variable.starts_with("DOCKER_AUTH_CONFIG=")) out.emplace_back(variable);
  }
  return out;
}

core::result<std::string> find_helper(const helper_question& question) {
  if (!is_safe_name(question.name)) {
    return core::fail(
        failure_code::invalid,
        fmt::format("the credential helper for {} has a name that is none: letters, digits, '.', '_' and '-' "
                    "make one, as in \"pass\" for docker-credential-pass",
                    question.registry));
  }
  const auto file = "docker-credential-" + question.name;
  auto found = search(question.search_path, file);
  if (!found.program.empty()) return std::move(found.program);
  if (!found.not_runnable.empty()) {
    return core::fail(
        failure_code::invalid,
        fmt::format("the credential helper {} for {} cannot be run: make it executable for the agent's user",
                    found.not_runnable, question.registry));
  }
  return core::fail(failure_code::invalid,
                    fmt::format("the credential helper {} for {} is in no folder of PATH: install it "
                                "there, or take it out of credsStore or credHelpers",
                                file, question.registry));
}

}  // namespace

app::task<core::result<std::optional<credential>>> ask_helper(boost::asio::any_io_executor executor,
                                                              helper_question question) {
  auto program = find_helper(question);
  if (!program) co_return std::unexpected(program.error());
  process_request request;
  request.program = std::move(*program);
  request.arguments = {"get"};
  request.environment = helper_environment(question.search_path);
  request.input = server_address(question.registry) + "\n";
  request.timeout = question.timeout;
  request.use_pidfd = question.use_pidfd;
  auto outcome = co_await run_process(executor, std::move(request));
  if (!outcome) co_return std::unexpected(outcome.error());
  auto answer = judge_helper(question.name, question.registry, question.timeout, *outcome);
  ::explicit_bzero(outcome->output.data(), outcome->output.size());
  co_return answer;
}

}  // namespace docksweep::engine
