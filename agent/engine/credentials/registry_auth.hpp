// A credential as the engine takes it with a pull: the value of X-Registry-Auth.
#pragma once

#include <string>
#include <string_view>

#include "engine/credentials/secret.hpp"

namespace docksweep::engine {

// base64url with padding of {"username","password","serveraddress"}, {"identitytoken","serveraddress"} or
// {"registrytoken","serveraddress"} (the Engine API's AuthConfig). The engine ignores a header that it cannot read, and
// pulls without a credential. The value is a secret.
std::string registry_auth(const credential& login, std::string_view host);

// Why a credential cannot be written as JSON (it is no UTF-8, which the engine would replace); empty: it can.
// Says nothing of the value.
std::string why_not_sendable(const credential& login);

}  // namespace docksweep::engine
