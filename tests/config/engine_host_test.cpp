// Which engine is meant, in the docker CLI's order, with contexts in a folder of the test's own.
#include "config/engine_host.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/support.hpp"

namespace docksweep::config {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// SHA-256 of "prod", as `printf prod | sha256sum` prints it: the docker CLI's folder of that context.
constexpr std::string_view prod_folder = "6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77";

class engine_host_order : public testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::temp_directory_path() / fmt::format("docksweep-host-{}", getpid());
    env_.variables["HOME"] = home_.string();
  }
  void TearDown() override { fs::remove_all(home_); }
  void write(const fs::path& path, std::string_view text) {
    fs::create_directories((home_ / path).parent_path());
    std::ofstream(home_ / path) << text;
  }
  std::string resolved(const std::string& option = {}) {
    const auto out = resolve_engine_host(option, engine_, env_);
    return out ? fmt::format("{} from {}", net::to_string(out->where), out->source) : out.error().message;
  }

  fs::path home_;
  environment env_;
  engine_settings engine_;
};

TEST_F(engine_host_order, each_one_wins_over_the_next) {
  EXPECT_EQ(resolved(), "unix:///var/run/docker.sock from default");
  write(".docker/config.json", R"({"currentContext": "prod", "auths": {}})");
  write(fs::path(".docker/contexts/meta") / prod_folder / "meta.json",
        R"({"Name":"prod","Endpoints":{"docker":{"Host":"tcp://10.0.0.1","SkipTLSVerify":false}}})");
  EXPECT_EQ(resolved(), "tcp://10.0.0.1:2375 from docker context prod");
  env_.variables["DOCKER_HOST"] = "tcp://10.0.0.2:1234";
  EXPECT_EQ(resolved(), "tcp://10.0.0.2:1234 from DOCKER_HOST");
  engine_.host = "unix:///run/podman/podman.sock";
  EXPECT_EQ(resolved(), "unix:///run/podman/podman.sock from engine.host");
  EXPECT_EQ(resolved("unix:///tmp/e.sock"), "unix:///tmp/e.sock from --host");
}

TEST_F(engine_host_order, a_context_brings_its_own_certificates) {
  env_.variables["DOCKER_CONTEXT"] = "prod";
  write(fs::path(".docker/contexts/meta") / prod_folder / "meta.json",
        R"({"Endpoints":{"docker":{"Host":"tcp://10.0.0.1"}}})");
  const auto tls = fs::path(".docker/contexts/tls") / prod_folder / "docker";
  for (const auto* name : {"ca.pem", "cert.pem", "key.pem"}) write(tls / name, "x");
  const auto out = resolve_engine_host("", engine_, env_);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->where.how, net::endpoint::kind::tls);
  EXPECT_EQ(out->where.port, 2376);
  EXPECT_EQ(out->where.tls,
            (net::tls_files{home_ / tls / "ca.pem", home_ / tls / "cert.pem", home_ / tls / "key.pem"}));
}

TEST_F(engine_host_order, the_default_context_is_no_context) {
  env_.variables["DOCKER_CONTEXT"] = "default";
  EXPECT_EQ(resolved(), "unix:///var/run/docker.sock from default");
}

TEST_F(engine_host_order, docker_config_moves_the_folder_and_an_odd_config_is_ignored) {
  write("other/config.json", "not json");
  env_.variables["DOCKER_CONFIG"] = (home_ / "other").string();
  EXPECT_EQ(resolved(), "unix:///var/run/docker.sock from default");
  write("other/config.json", R"({"currentContext": 7})");
  EXPECT_EQ(resolved(), "unix:///var/run/docker.sock from default");
  write("other/config.json", R"({"currentContext": "prod"})");
  EXPECT_THAT(resolved(),
              HasSubstr("docker context prod cannot be read from " + (home_ / "other/contexts/meta").string()));
}

TEST_F(engine_host_order, a_context_without_an_address_is_refused) {
  env_.variables["DOCKER_CONTEXT"] = "prod";
  write(fs::path(".docker/contexts/meta") / prod_folder / "meta.json", R"({"Endpoints":{"kubernetes":{}}})");
  EXPECT_THAT(resolved(), HasSubstr("docker context prod has no Docker endpoint in"));
}

TEST_F(engine_host_order, docker_tls_verify_switches_tls_on_for_tcp) {
  env_.variables["DOCKER_HOST"] = "tcp://10.0.0.2";
  env_.variables["DOCKER_TLS_VERIFY"] = "1";
  env_.variables["DOCKER_CERT_PATH"] = "/certs";
  const auto out = resolve_engine_host("", engine_, env_);
  ASSERT_TRUE(out);
  EXPECT_EQ(net::to_string(out->where), "https://10.0.0.2:2376");
  EXPECT_EQ(out->where.tls, (net::tls_files{"/certs/ca.pem", "/certs/cert.pem", "/certs/key.pem"}));
  env_.variables["DOCKER_CERT_PATH"].clear();
  EXPECT_EQ(resolve_engine_host("", engine_, env_)->where.tls.ca, (home_ / ".docker/ca.pem").string());
  env_.variables["DOCKER_HOST"] = "unix:///x";
  EXPECT_EQ(resolved(), "unix:///x from DOCKER_HOST");
  engine_.tls = tls_client{"/own/ca", "", ""};
  EXPECT_EQ(resolve_engine_host("tcp://h", engine_, env_)->where.tls, (net::tls_files{"/own/ca", "", ""}))
      << "engine.tls wins";
}

TEST_F(engine_host_order, says_whose_address_is_wrong) {
  env_.variables["DOCKER_HOST"] = "ssh://me@host";
  EXPECT_THAT(resolved(), testing::StartsWith("DOCKER_HOST: \"ssh://me@host\" cannot be used"));
  env_.variables["DOCKER_HOST"].clear();
  env_.variables.erase("HOME");
  EXPECT_EQ(resolved(), "unix:///var/run/docker.sock from default");
}

}  // namespace
}  // namespace docksweep::config
