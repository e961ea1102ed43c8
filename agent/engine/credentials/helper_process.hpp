// Asks a credential helper: `docker-credential-NAME get`, as the docker CLI does.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/engine.hpp"
#include "core/failure.hpp"
#include "engine/credentials/secret.hpp"

namespace docksweep::engine {

struct helper_question {
  std::string name;         // NAME; letters, digits, '.', '_' and '-' only, as it becomes a file's name
  std::string registry;     // canonical host; the helper is asked for its server_address
  std::string search_path;  // PATH: absolute folders, others are left out. The helper gets it, too
  std::chrono::milliseconds timeout{};
  bool use_pidfd = true;  // see process_request
};

// The helper's credential; std::nullopt: it knows none. The registry goes to its stdin with a line break; nothing
// secret is on its command line, and DOCKER_AUTH_CONFIG is not in its environment, which is the agent's own otherwise
// (helpers need HOME, DBUS_SESSION_BUS_ADDRESS, AWS_PROFILE and the like). Where and how it is killed: process.hpp.
// Fails as judge_helper does; invalid for a name that is no file's name and a helper that is not there; cancelled.
app::task<core::result<std::optional<credential>>> ask_helper(boost::asio::any_io_executor executor,
                                                              helper_question question);

}  // namespace docksweep::engine
