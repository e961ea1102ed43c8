// TLS and client certificates, with certificates that the openssl program makes for each test.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <stdexcept>

#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

// A certificate authority in a folder, and certificates that it signs.
class authority {
 public:
  explicit authority(const std::string& name) : name_(name) {
    run(
        fmt::format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={0} "
                    "-keyout {1} -out {2}",
                    name, folder_.path("ca.key"), ca()));
  }
  std::string ca() const { return folder_.path("ca.pem"); }
  std::string cert(const std::string& who) const { return folder_.path(who + ".pem"); }
  std::string key(const std::string& who) const { return folder_.path(who + ".key"); }

  void sign(const std::string& who) const {
    run(fmt::format("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={0} -keyout {1} -out {2}",
                    who, key(who), folder_.path("request")));
    run(fmt::format("openssl x509 -req -days 2 -in {0} -CA {1} -CAkey {2} -CAcreateserial -out {3}",
                    folder_.path("request"), ca(), folder_.path("ca.key"), cert(who)));
  }

 private:
  static void run(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error(command);
  }

  std::string name_;
  temporary_folder folder_;
};

// A blocking TLS client on a socket of its own.
class tls_client {
 public:
  tls_client(const std::string& where, const std::string& cert, const std::string& key, int version = 0)
      : socket_(where) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (version != 0) {
      SSL_CTX_set_security_level(context_, 0);
      SSL_CTX_set_min_proto_version(context_, version);
      SSL_CTX_set_max_proto_version(context_, version);
    }
    if (!cert.empty()) {
      SSL_CTX_use_certificate_chain_file(context_, cert.c_str());
      SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM);
    }
    handle_ = SSL_new(context_);
    SSL_set_fd(handle_, socket_.descriptor());
    connected_ = SSL_connect(handle_) == 1;
  }
  ~tls_client() {
    SSL_free(handle_);
    SSL_CTX_free(context_);
  }
  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  bool connected() const { return connected_; }
  std::string subject() const {
    char name[128] = {};
    X509* shown = SSL_get1_peer_certificate(handle_);
    if (shown != nullptr) X509_NAME_oneline(X509_get_subject_name(shown), name, sizeof name);
    X509_free(shown);
    return name;
  }
  // The status of an answer; 0: the connection ended.
  int ask(const std::string& request) {
    if (!connected_ || SSL_write(handle_, request.data(), static_cast<int>(request.size())) <= 0) return 0;
    char bytes[4096];
    const int got = SSL_read(handle_, bytes, sizeof bytes);
    return got < 12 ? 0 : std::stoi(std::string(bytes + 9, 3));
  }

 private:
  client socket_;
  SSL_CTX* context_ = nullptr;
  SSL* handle_ = nullptr;
  bool connected_ = false;
};

class tls : public ::testing::Test {
 protected:
  tls() : ours_("ours") {
    ours_.sign("server");
    ours_.sign("caller");
  }
  server_options options(bool client_ca) const {
    auto made = local_options();
    made.tls = config::web_tls{ours_.cert("server"), ours_.key("server"), client_ca ? ours_.ca() : ""};
    return made;
  }
  authority ours_;
};

TEST_F(tls, serves_requests_from_1_2_on) {
  live_server server(options(false));
  ASSERT_TRUE(server.started()) << server.started().error().message;
  tls_client one(server.where(), "", "");
  EXPECT_EQ(one.ask(get("/metrics")), 200);
  EXPECT_EQ(one.ask(get("/-/ready")), 200);
  EXPECT_EQ(tls_client(server.where(), "", "", TLS1_2_VERSION).ask(get("/metrics")), 200);
  EXPECT_FALSE(tls_client(server.where(), "", "", TLS1_1_VERSION).connected());
}

TEST_F(tls, tells_a_plain_request_that_this_is_https) {
  live_server server(options(false));
  client plain(server.where());
  EXPECT_EQ(plain.ask(get("/metrics")).status, 400);
}

TEST_F(tls, takes_a_client_certificate_as_a_credential) {
  live_server server(options(true));
  ASSERT_TRUE(server.started()) << server.started().error().message;
  tls_client known(server.where(), ours_.cert("caller"), ours_.key("caller"));
  EXPECT_EQ(known.ask(get("/metrics")), 200);
  EXPECT_EQ(known.ask(post("/-/reload")), 200);
  EXPECT_EQ(known.ask(post("/-/reload", "Origin: https://evil.example\r\n")), 403);

  tls_client nobody(server.where(), "", "");
  EXPECT_EQ(nobody.ask(get("/-/ready")), 200) << "a probe has no certificate";
  EXPECT_EQ(nobody.ask(get("/metrics")), 403);
  EXPECT_EQ(nobody.ask(post("/-/reload")), 403);

  authority other("other");
  other.sign("caller");
  tls_client foreign(server.where(), other.cert("caller"), other.key("caller"));
  EXPECT_EQ(foreign.ask(get("/-/ready")), 0);
}

TEST_F(tls, reads_certificates_again_on_reload) {
  live_server server(options(false));
  EXPECT_EQ(tls_client(server.where(), "", "").subject(), "/CN=server");
  ours_.sign("renewed");
  auto newer = options(false);
  newer.tls->cert = ours_.cert("renewed");
  newer.tls->key = ours_.key("renewed");
  tls_client open(server.where(), "", "");
  ASSERT_TRUE(server.reload(newer));
  EXPECT_EQ(tls_client(server.where(), "", "").subject(), "/CN=renewed");
  EXPECT_EQ(open.ask(get("/metrics")), 200) << "an open connection did not survive";

  newer.tls->key = ours_.key("server");
  const auto refused = server.reload(newer);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("key"), std::string::npos) << refused.error().message;
  EXPECT_EQ(tls_client(server.where(), "", "").subject(), "/CN=renewed");
}

TEST_F(tls, names_the_file_that_it_cannot_use) {
  auto broken = options(false);
  broken.tls->cert = "/nonexistent/server.pem";
  live_server server(broken);
  ASSERT_FALSE(server.started());
  EXPECT_NE(server.started().error().message.find("/nonexistent/server.pem"), std::string::npos);
}

TEST_F(tls, ends_a_handshake_that_does_not_come) {
  auto slow = options(false);
  slow.limits.handshake = std::chrono::milliseconds(200);
  live_server server(slow);
  client silent(server.where());
  EXPECT_TRUE(silent.ends_within(std::chrono::seconds(2)));
}

TEST_F(tls, leaves_a_unix_socket_plain) {
  const temporary_folder folder;
  auto both = options(false);
  both.listen = {"unix://" + folder.path("web.sock")};
  live_server server(both);
  EXPECT_EQ(client(server.where()).ask(get("/metrics")).status, 200);
}

}  // namespace
}  // namespace docksweep::web::testing
