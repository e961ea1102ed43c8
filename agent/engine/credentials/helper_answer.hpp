// What a credential helper said, judged. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/failure.hpp"
#include "engine/credentials/process.hpp"
#include "engine/credentials/secret.hpp"

namespace docksweep::engine {

// docker-credential-NAME's answer to `get` (docker/docker-credential-helpers): {"ServerURL","Username","Secret"} and
// exit status 0. Username "<token>" means that Secret is an identity token. std::nullopt: it knows no credential, which
// it says with "credentials not found in native keychain" on stdout and another exit status, or with an empty user and
// secret.
//
// Stricter than docker/cli, which never looks at ServerURL: an answer for another registry is refused, because its
// secret would go to the wrong one. An answer without ServerURL is taken (gcloud's helper gives none).
//
// Failures (timeout, too_large, malformed, refused, invalid) name helper and registry, say what to do, and hold nothing
// of stdout. Of stderr they hold what `presentable` leaves of its first line, and only where the helper itself failed.
core::result<std::optional<credential>> judge_helper(std::string_view name, std::string_view registry,
                                                     std::chrono::milliseconds timeout, const process_outcome& outcome);

// The first line of a helper's stderr, as far as it is plain words; the rest becomes "…": what looks like a secret
// (digits among letters, odd characters, long or mixed-case words), what stdout holds too, and all that follows a word
// like "password". Empty: nothing of it is worth showing. `known` are words that may stand as they are.
std::string presentable(std::string_view errors, std::string_view output,
                        std::initializer_list<std::string_view> known);

}  // namespace docksweep::engine
