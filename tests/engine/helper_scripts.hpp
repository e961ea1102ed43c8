// Credential helpers as little shell scripts in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "support/run_task.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::test {

class helper_scripts : public testing::Test {
 protected:
  helper_scripts() { std::filesystem::create_directory(folder.path() / "bin"); }

  // $here is the test's folder.
  void helper(const std::string& name, const std::string& body) {
    const auto file = program(name);
    write(file, "#!/bin/sh\nhere=" + folder.path().string() + "\n" + body + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  std::string program(const std::string& name) const { return folder.file("bin/docker-credential-" + name); }
  std::string search_path() const { return folder.file("bin") + ":/usr/bin:/bin"; }

  static void write(const std::string& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
  std::string read(const std::string& name) const {
    std::ifstream in(folder.file(name), std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  // What a script writes there, once it has.
  std::string wait_for(const std::string& name) {
    for (int tries = 0; tries < 1000; ++tries) {
      context.restart();
      context.run_for(std::chrono::milliseconds(5));
      if (auto text = read(name); text.ends_with('\n')) return text;
    }
    ADD_FAILURE() << name << " was not written";
    return "";
  }

  // Is there such a process? One that is killed and not yet reaped by init does nothing any more.
  static bool runs(const std::string& pid) {
    std::ifstream in("/proc/" + std::to_string(std::stol(pid)) + "/stat");
    std::string stat;
    std::getline(in, stat);
    const auto state = stat.rfind(')');
    return state != std::string::npos && stat.substr(state + 2, 1) != "Z";
  }
  static bool ends_soon(const std::string& pid) {
    for (int tries = 0; tries < 200; ++tries) {
      if (!runs(pid)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  static bool is_reaped(const std::string& pid) {
    return !std::filesystem::exists("/proc/" + std::to_string(std::stol(pid)));
  }

  temp_folder folder;
  boost::asio::io_context context;
};

}  // namespace docksweep::test
