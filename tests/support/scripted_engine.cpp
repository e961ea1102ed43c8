// The scripted engine: one thread accepts, one serves each connection.
#include "support/scripted_engine.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace docksweep::test {
namespace {

// Reads one request; nullopt when the connection ends first.
std::optional<scripted_request> read_request(wire& from, std::string& buffered) {
  std::size_t head_end = std::string::npos;
  while ((head_end = buffered.find("\r\n\r\n")) == std::string::npos) {
    const auto more = from.read();
    if (more.empty()) return std::nullopt;
    buffered += more;
  }
  scripted_request request;
  const auto head = buffered.substr(0, head_end + 2);
  buffered.erase(0, head_end + 4);
  auto line_end = head.find("\r\n");
  const auto first = head.substr(0, line_end);
  request.method = first.substr(0, first.find(' '));
  request.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
  for (auto at = line_end + 2; at < head.size(); at = line_end + 2) {
    line_end = head.find("\r\n", at);
    const auto colon = head.find(':', at);
    request.headers.emplace_back(head.substr(at, colon - at), head.substr(colon + 2, line_end - colon - 2));
  }
  request.path = request.target.substr(0, request.target.find('?'));
  if (request.path.starts_with("/v1.")) request.path.erase(0, request.path.find('/', 1));
  const auto length = request.header("Content-Length");
  std::size_t body_bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  while (buffered.size() < body_bytes) {
    const auto more = from.read();
    if (more.empty()) return std::nullopt;
    buffered += more;
  }
  request.body = buffered.substr(0, body_bytes);
  buffered.erase(0, body_bytes);
  return request;
}

thread_local std::string common_headers;  // of the engine that this thread serves

}  // namespace

std::string scripted_request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  }
  return {};
}

bool exchange::buffer(std::size_t bytes) {
  while (buffered_.size() < bytes) {
    const auto more = to_.read();
    if (more.empty()) return false;
    buffered_ += more;
  }
  return true;
}

std::optional<std::string> exchange::read_chunk() {
  std::size_t line_end = 0;
  while ((line_end = buffered_.find("\r\n")) == std::string::npos) {
    if (!buffer(buffered_.size() + 1)) return std::nullopt;
  }
  std::size_t size = 0;
  std::from_chars(buffered_.data(), buffered_.data() + line_end, size, 16);
  if (!buffer(line_end + size + 4)) return std::nullopt;
  auto piece = buffered_.substr(line_end + 2, size);
  buffered_.erase(0, line_end + size + 4);
  unread_ = unread_ && size > 0;
  return piece;
}

std::string exchange::read_chunks() {
  std::string all;
  for (auto piece = read_chunk(); piece && !piece->empty(); piece = read_chunk()) all += *piece;
  return all;
}

void exchange::reply(int status, std::string_view body, const std::string& content_type,
                     const std::string& more_headers) {
  std::string answer = fmt::format("HTTP/1.1 {} Scripted\r\n{}Content-Type: {}\r\n{}", status, common_headers,
                                   content_type, more_headers);
  if (status != 204 && status != 304) answer += fmt::format("Content-Length: {}\r\n", body.size());
  answer += "\r\n";
  if (request.method != "HEAD") answer += body;
  raw(answer);
}

void exchange::begin_chunked(int status, const std::string& more_headers) {
  raw(fmt::format("HTTP/1.1 {} Scripted\r\n{}Content-Type: application/json\r\n{}Transfer-Encoding: chunked\r\n\r\n",
                  status, common_headers, more_headers));
}

void exchange::chunk(std::string_view bytes) {
  raw(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
}
void exchange::end_chunked() {
  raw("0\r\n\r\n");
}

void exchange::raw(std::string_view bytes) {
  answered_ = true;
  to_.write(bytes);
}

bool exchange::wait(std::chrono::milliseconds time) {
  return to_.wait(time);
}

scripted_engine::scripted_engine(std::string api_version) : api_version_(std::move(api_version)) {
  where_.how = net::endpoint::kind::unix_socket;
  where_.path = folder_.file("e.sock");
  start();
}

scripted_engine::scripted_engine(on_tcp, std::string api_version) : api_version_(std::move(api_version)) {
  where_.how = net::endpoint::kind::tcp;
  where_.host = "127.0.0.1";
  start();
}

scripted_engine::scripted_engine(const certificate& own, const std::string& client_ca, std::string api_version)
    : tls_(server_context(own, client_ca)), api_version_(std::move(api_version)) {
  where_.how = net::endpoint::kind::tls;
  where_.host = "127.0.0.1";
  start();
}

scripted_engine::~scripted_engine() {
  stop();
}

void scripted_engine::listen() {
  sockaddr_storage address{};
  socklen_t size = 0;
  if (where_.how == net::endpoint::kind::unix_socket) {
    auto& local = reinterpret_cast<sockaddr_un&>(address);
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, where_.path.c_str(), sizeof local.sun_path - 1);
    size = sizeof local;
    ::unlink(where_.path.c_str());
  } else {
    auto& internet = reinterpret_cast<sockaddr_in&>(address);
    internet.sin_family = AF_INET;
    internet.sin_port = htons(where_.port);
    internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size = sizeof internet;
  }
  listener_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) {
    throw std::runtime_error("the scripted engine cannot listen at " + net::to_string(where_));
  }
  if (where_.how != net::endpoint::kind::unix_socket) {
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    where_.port = ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
  }
}

void scripted_engine::start() {
  if (!stopped_) return;
  stopped_ = false;
  listen();
  acceptor_ = std::thread([this] { accept_all(); });
}

void scripted_engine::stop() {
  if (stopped_.exchange(true)) return;
  acceptor_.join();
  ::close(listener_);
  for (auto& server : servers_) server.join();
  servers_.clear();
}

void scripted_engine::accept_all() {
  while (!stopped_) {
    pollfd waits{listener_, POLLIN, 0};
    if (::poll(&waits, 1, 20) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int number = ++connections_;
    servers_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void scripted_engine::serve(int socket, int number) {
  // OpenSSL writes without MSG_NOSIGNAL, and the client may have gone.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  wire client(socket, tls_.get(), stopped_);
  std::string buffered;
  while (client.open()) {
    auto request = read_request(client, buffered);
    if (!request) return;
    request->connection = number;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
      common_headers = "Api-Version: " + api_version_ + "\r\n" + more_headers_;
    }
    const auto what = script_for(request->path);
    exchange with(client, std::move(*request), buffered);
    what(with);
    if (!with.keeps_connection()) return;
  }
}

script scripted_engine::script_for(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto found = scripts_.find(path); found != scripts_.end()) return found->second;
  if (path == "/_ping") return [](exchange& with) { with.reply(200, "OK", "text/plain; charset=utf-8"); };
  if (const auto found = scripts_.find("*"); found != scripts_.end()) return found->second;
  return [](exchange& with) { with.reply(404, R"({"message":"page not found"})"); };
}

void scripted_engine::on(const std::string& path, script what) {
  const std::lock_guard lock(mutex_);
  scripts_[path] = std::move(what);
}

void scripted_engine::answer(const std::string& path, std::string body, int status) {
  on(path, [body = std::move(body), status](exchange& with) { with.reply(status, body); });
}

void scripted_engine::set_api_version(const std::string& version) {
  const std::lock_guard lock(mutex_);
  api_version_ = version;
}

void scripted_engine::set_headers(const std::string& lines) {
  const std::lock_guard lock(mutex_);
  more_headers_ = lines;
}

std::vector<std::string> scripted_engine::calls() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& request : requests_) all.push_back(request.method + " " + request.target);
  return all;
}

std::vector<scripted_request> scripted_engine::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int scripted_engine::count(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(requests_.begin(), requests_.end(),
                                        [&](const scripted_request& each) { return each.path == path; }));
}

}  // namespace docksweep::test
