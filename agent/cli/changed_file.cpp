// Polled: inotify would have to follow every link on the way to the file, and a poll every few seconds costs nothing.
#include "cli/changed_file.hpp"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

namespace docksweep::cli {
namespace {

std::string hash_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(content.data(), content.size(), digest, &length, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest), length};
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool changed_file::look(const std::string& path, mark& found) {
  struct stat node{};
  if (path.empty() || ::stat(path.c_str(), &node) != 0) return false;
  found = {node.st_dev, node.st_ino, static_cast<std::uint64_t>(node.st_size), nanoseconds(node.st_mtim),
           nanoseconds(node.st_ctim)};
  return true;
}

changed_file::changed_file(std::string path) : path_(std::move(path)) {
  look(path_, mark_);
  content_hash_ = hash_of(path_);
}

bool changed_file::changed() {
  mark now;
  if (!look(path_, now) || now == mark_) return false;
  mark_ = now;
  auto hash = hash_of(path_);
  if (hash == content_hash_) return false;
  content_hash_ = std::move(hash);
  return true;
}

}  // namespace docksweep::cli
