// TLS and client certificates, with certificates that the openssl program makes for each test.
#include "web/tls.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <utility>

#include "support/certificates.hpp"
#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

// A blocking TLS client on a socket of its own.
class tls_client {
 public:
  explicit tls_client(const std::string& where, const test::certificate& shown = {}, int version = 0,
                      const std::string& trusted_ca = {}, const char* ciphers = nullptr)
      : socket_(where) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (version != 0) {
      SSL_CTX_set_security_level(context_, 0);
      SSL_CTX_set_min_proto_version(context_, version);
      SSL_CTX_set_max_proto_version(context_, version);
    }
    if (ciphers != nullptr) SSL_CTX_set_cipher_list(context_, ciphers);
    if (!trusted_ca.empty()) SSL_CTX_load_verify_locations(context_, trusted_ca.c_str(), nullptr);
    if (!shown.cert.empty()) {
      SSL_CTX_use_certificate_chain_file(context_, shown.cert.c_str());
      SSL_CTX_use_PrivateKey_file(context_, shown.key.c_str(), SSL_FILETYPE_PEM);
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
  // What this client's own check of the server's certificate came to: X509_V_OK, …
  long verdict() const { return SSL_get_verify_result(handle_); }
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
  tls() : ours_("ours"), server_(ours_.issue("server", loopback)), caller_(ours_.issue("caller", "DNS:caller")) {}
  server_options options(bool client_ca) const {
    auto made = local_options();
    made.tls = config::web_tls{server_.cert, server_.key, client_ca ? ours_.ca() : ""};
    return made;
  }
  static constexpr auto loopback = "DNS:localhost,IP:127.0.0.1";
  test::authority ours_;
  test::certificate server_, caller_;
};

TEST_F(tls, serves_requests_from_1_2_on) {
  live_server server(options(false));
  ASSERT_TRUE(server.started()) << server.started().error().message;
  tls_client one(server.where());
  EXPECT_EQ(one.ask(get("/metrics")), 200);
  EXPECT_EQ(one.ask(get("/-/ready")), 200);
  EXPECT_EQ(tls_client(server.where(), {}, TLS1_2_VERSION).ask(get("/metrics")), 200);
  EXPECT_EQ(tls_client(server.where(), {}, TLS1_3_VERSION).ask(get("/metrics")), 200);
  EXPECT_FALSE(tls_client(server.where(), {}, TLS1_1_VERSION).connected());
}

TEST_F(tls, takes_only_ciphers_with_forward_secrecy_and_authentication) {
  live_server server(options(false));
  const auto with = [&](const char* ciphers) {
    return tls_client(server.where(), {}, TLS1_2_VERSION, {}, ciphers).connected();
  };
  EXPECT_TRUE(with("ECDHE-ECDSA-AES128-GCM-SHA256"));
  EXPECT_TRUE(with("ECDHE-ECDSA-CHACHA20-POLY1305"));
  EXPECT_FALSE(with("ECDHE-ECDSA-AES128-SHA"));
}

TEST_F(tls, shows_a_client_the_certificate_that_it_has) {
  test::authority other("other");
  const auto seen = [&](const test::certificate& shown, const std::string& trusted) {
    auto with = options(false);
    with.tls->cert = shown.cert;
    with.tls->key = shown.key;
    live_server server(with);
    return tls_client(server.where(), {}, 0, trusted).verdict();
  };
  EXPECT_EQ(seen(server_, ours_.ca()), X509_V_OK);
  EXPECT_EQ(seen(server_, other.ca()), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_EQ(seen(ours_.issue("over", loopback, test::validity::over()), ours_.ca()), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(seen(ours_.issue("to-come", loopback, test::validity::to_come()), ours_.ca()),
            X509_V_ERR_CERT_NOT_YET_VALID);
}

TEST_F(tls, knows_what_clients_will_refuse_about_its_dates) {
  const auto problem_of = [](const test::certificate& one) {
    return date_problem(**load_tls({.cert = one.cert, .key = one.key, .client_ca = ""}));
  };
  EXPECT_EQ(problem_of(server_), "");
  EXPECT_NE(problem_of(ours_.issue("over", loopback, test::validity::over())).find("expired"), std::string::npos);
  EXPECT_NE(problem_of(ours_.issue("to-come", loopback, test::validity::to_come())).find("not valid yet"),
            std::string::npos);
}

TEST_F(tls, tells_a_plain_request_that_this_is_https) {
  live_server server(options(false));
  client plain(server.where());
  EXPECT_EQ(plain.ask(get("/metrics")).status, 400);
}

TEST_F(tls, takes_a_client_certificate_as_a_credential) {
  live_server server(options(true));
  ASSERT_TRUE(server.started()) << server.started().error().message;
  tls_client known(server.where(), caller_);
  EXPECT_EQ(known.ask(get("/metrics")), 200);
  EXPECT_EQ(known.ask(post("/-/reload")), 200);
  EXPECT_EQ(known.ask(post("/-/reload", "Origin: https://evil.example\r\n")), 403);

  tls_client nobody(server.where());
  EXPECT_EQ(nobody.ask(get("/-/ready")), 200) << "a probe has no certificate";
  EXPECT_EQ(nobody.ask(get("/metrics")), 403);
  EXPECT_EQ(nobody.ask(post("/-/reload")), 403);
}

TEST_F(tls, ends_the_handshake_of_a_client_certificate_that_does_not_hold) {
  live_server server(options(true));
  test::authority other("ours");  // the same name, another key
  const std::pair<const char*, test::certificate> cases[] = {
      {"another CA", other.issue("caller", "DNS:caller")},
      {"expired", ours_.issue("over", "DNS:caller", test::validity::over())},
      {"not valid yet", ours_.issue("to-come", "DNS:caller", test::validity::to_come())},
      {"a server's", ours_.issue("another", "DNS:caller", {}, "serverAuth")},
  };
  for (const auto& [what, shown] : cases) {
    EXPECT_EQ(tls_client(server.where(), shown).ask(get("/-/ready")), 0) << what;
  }
  EXPECT_EQ(tls_client(server.where(), ours_.issue("fine", "DNS:caller", {}, "clientAuth")).ask(get("/metrics")), 200);
}

TEST_F(tls, reads_certificates_again_on_reload) {
  live_server server(options(false));
  EXPECT_EQ(tls_client(server.where()).subject(), "/CN=server");
  const auto renewed = ours_.issue("renewed", loopback);
  auto newer = options(false);
  newer.tls->cert = renewed.cert;
  newer.tls->key = renewed.key;
  tls_client open(server.where());
  ASSERT_TRUE(server.reload(newer));
  EXPECT_EQ(tls_client(server.where()).subject(), "/CN=renewed");
  EXPECT_EQ(open.ask(get("/metrics")), 200) << "an open connection did not survive";

  newer.tls->key = server_.key;
  const auto refused = server.reload(newer);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is not the key of the certificate " + renewed.cert), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(tls_client(server.where()).subject(), "/CN=renewed");
}

TEST_F(tls, trusts_open_connections_no_longer_than_their_ca) {
  live_server server(options(true));
  tls_client kept(server.where(), caller_), dropped(server.where(), caller_);
  EXPECT_EQ(kept.ask(post("/-/reload")), 200);
  EXPECT_EQ(dropped.ask(post("/-/reload")), 200);
  ASSERT_TRUE(server.reload(options(true)));
  EXPECT_EQ(kept.ask(post("/-/reload")), 200) << "the same CA signs it still";

  test::authority next("next");
  auto newer = options(true);
  newer.tls->client_ca = next.ca();
  ASSERT_TRUE(server.reload(newer));
  EXPECT_EQ(dropped.ask(post("/-/reload")), 403);
  EXPECT_EQ(dropped.ask(get("/-/ready")), 0) << "a client that is refused for good should connect anew";
  EXPECT_EQ(tls_client(server.where(), next.issue("caller", "DNS:caller")).ask(post("/-/reload")), 200);

  ASSERT_TRUE(server.reload(options(false)));
  EXPECT_EQ(kept.ask(post("/-/reload")), 403);
}

TEST_F(tls, refuses_a_key_with_a_passphrase_without_asking_for_it) {
  const temporary_folder folder;
  auto locked = options(false);
  locked.tls->key = folder.path("locked.key");
  const auto command =
      fmt::format("openssl pkcs8 -topk8 -in {} -passout pass:secret -out {} 2>/dev/null", server_.key, locked.tls->key);
  ASSERT_EQ(std::system(command.c_str()), 0);
  live_server server(locked);
  ASSERT_FALSE(server.started());
  EXPECT_NE(server.started().error().message.find("passphrase"), std::string::npos) << server.started().error().message;
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
