// What `--trace` prints: each call as a curl line that can be pasted into a shell, then what came of it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "net/endpoint.hpp"
#include "net/http_message.hpp"

namespace docksweep::net {

// Takes one line without its line end.
using trace_sink = std::function<void(std::string_view line)>;

// "curl --unix-socket /var/run/docker.sock 'http://localhost/v1.41/images/json?all=1'". The values of headers that
// carry secrets (Authorization, X-Registry-Auth, …) and all bodies are masked.
std::string curl_line(const endpoint& where, const http_request& request);

// "# 200 in 12.3 ms, 183945 bytes"; a shell takes it for a comment.
std::string outcome_line(int status, std::chrono::nanoseconds took, std::size_t body_bytes);
std::string failure_line(std::string_view message, std::chrono::nanoseconds took);

}  // namespace docksweep::net
