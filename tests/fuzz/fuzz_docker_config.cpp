// config.json as anybody may write it, and a registry: parse, pick, encode. Input: "host/path\n", then the file.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/credentials/docker_config.hpp"
#include "engine/credentials/registry_auth.hpp"
#include "fuzz/invariant.hpp"
#include "net/base64.hpp"

namespace {

using namespace docksweep::engine;
using docksweep::fuzz::must;

// Said again, independently of registry_key.cpp: does a literal key's host mean the host that was asked for?
std::string plain(std::string_view host) {
  std::string out(host);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out == "index.docker.io" || out == "registry-1.docker.io" ? "docker.io" : out;
}

// A star takes neither dots nor the port: both are as many, and the port is the same.
bool may_be_glob_for(std::string_view glob, std::string_view host) {
  const auto dots = [](std::string_view text) { return std::ranges::count(text, '.'); };
  const auto literal_end = glob.substr(glob.rfind('*') + 1);
  const auto literal_begin = glob.substr(0, glob.find('*'));
  return dots(glob) == dots(host) && host.starts_with(literal_begin) && host.ends_with(literal_end);
}

void check_entry(const docker_config::entry& found, std::string_view host, std::string_view path) {
  const auto& key = found.key;
  if (key.host.find('*') == std::string::npos) {
    must(key.host == plain(host), "an entry was picked for another host");
  } else {
    must(may_be_glob_for(key.host, plain(host)), "a glob was picked for a host that it does not match");
  }
  must(path == key.path || key.path.empty() || path.starts_with(key.path + "/"),
       "an entry was picked for another folder");
  must(found.problem.empty() == !(found.login.value.empty() && found.login.username.empty()),
       "an entry has both a login and a problem, or neither");
}

// No message may hold a password of the file. Short ones stand in any text by chance.
void check_message(std::string_view message, const docker_config& config, std::string_view host,
                   std::string_view path) {
  const auto* found = config.find(host, path);
  if (found == nullptr) return;
  const auto word = found->login.value.reveal();
  must(word.size() < 8 || message.find(word) == std::string_view::npos, "a message repeats a secret");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  const auto name = input.substr(0, line);
  const auto text = input.substr(std::min(line + 1, input.size()));
  const auto slash = std::min(name.find('/'), name.size());
  const auto host = name.substr(0, slash), path = name.substr(std::min(slash + 1, name.size()));

  const auto config = docker_config::parse(text, "file");
  if (!config) {
    must(config.error().message.size() < 300, "a message has no bound: does it repeat the file?");
    return 0;
  }
  const auto helper = config->helper_for(host);
  if (!helper) check_message(helper.error().message, *config, host, path);
  const auto* found = config->find(host, path);
  if (found != nullptr) check_entry(*found, host, path);
  const auto login = config->login_for(host, path);
  must(login.has_value() ? login->has_value() == (found != nullptr) : !found->problem.empty(),
       "what was picked is not what is used");
  if (!login || !*login) return 0;
  const auto header = registry_auth(**login, host);
  must(header.size() % 4 == 0 && header.find_first_of("+/\r\n") == std::string::npos, "the header is no base64url");
  const auto fields = docksweep::net::decode_base64(header);
  must(fields && fields->starts_with('{') && fields->ends_with('}'), "the header is no JSON object");
  must(docksweep::net::encode_base64url(*fields) == header, "base64 does not come back as it was");
  return 0;
}
