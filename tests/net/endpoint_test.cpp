// Addresses of servers: what is read, what is refused, and how it is written again.
#include "net/endpoint.hpp"

#include <gmock/gmock.h>

#include "net/percent.hpp"

namespace docksweep::net {
namespace {

using testing::HasSubstr;
using kind = endpoint::kind;

struct readable {
  std::string url;
  endpoint expected;
  std::string written;
  std::string host;
};

class readable_endpoint : public testing::TestWithParam<readable> {};

TEST_P(readable_endpoint, is_read_and_written) {
  const auto where = parse_endpoint(GetParam().url);
  ASSERT_TRUE(where) << where.error().message;
  EXPECT_EQ(*where, GetParam().expected);
  EXPECT_EQ(to_string(*where), GetParam().written);
  EXPECT_EQ(host_header(*where), GetParam().host);
}

endpoint socket_at(std::string path) {
  return {.how = kind::unix_socket, .path = std::move(path), .host = {}, .tls = {}};
}
endpoint tcp_at(kind how, std::string host, std::uint16_t port) {
  return {.how = how, .path = {}, .host = std::move(host), .port = port, .tls = {}};
}

const readable readables[] = {
    {"unix:///var/run/docker.sock", socket_at("/var/run/docker.sock"), "unix:///var/run/docker.sock", "localhost"},
    {"unix:///run/with space/50%.sock", socket_at("/run/with space/50%.sock"), "unix:///run/with space/50%.sock",
     "localhost"},
    {"tcp://10.0.0.5", tcp_at(kind::tcp, "10.0.0.5", 2375), "tcp://10.0.0.5:2375", "10.0.0.5:2375"},
    {"tcp://10.0.0.5:99", tcp_at(kind::tcp, "10.0.0.5", 99), "tcp://10.0.0.5:99", "10.0.0.5:99"},
    {"http://node1/", tcp_at(kind::tcp, "node1", 80), "tcp://node1:80", "node1:80"},
    {"tcp://[::1]:2375", tcp_at(kind::tcp, "::1", 2375), "tcp://[::1]:2375", "[::1]:2375"},
    {"https://node1:2376", tcp_at(kind::tls, "node1", 2376), "https://node1:2376", "node1:2376"},
    {"https://node1", tcp_at(kind::tls, "node1", 443), "https://node1:443", "node1:443"},
};
INSTANTIATE_TEST_SUITE_P(all, readable_endpoint, testing::ValuesIn(readables));

TEST(endpoint, certificates_turn_tcp_into_tls_on_its_own_port) {
  const tls_files files{.ca = "/ca.pem", .cert = "/cert.pem", .key = "/key.pem"};
  const auto where = parse_endpoint("tcp://node1", files);
  ASSERT_TRUE(where);
  EXPECT_EQ(where->how, kind::tls);
  EXPECT_EQ(where->port, 2376);
  EXPECT_EQ(where->tls, files);
  EXPECT_EQ(parse_endpoint("unix:///run/docker.sock", files)->how, kind::unix_socket);
}

struct refused {
  std::string url, words;
};
class refused_endpoint : public testing::TestWithParam<refused> {};

TEST_P(refused_endpoint, says_what_to_use) {
  const auto where = parse_endpoint(GetParam().url);
  ASSERT_FALSE(where);
  EXPECT_EQ(where.error().code, core::failure_code::invalid);
  EXPECT_THAT(where.error().message, HasSubstr(GetParam().words));
  EXPECT_THAT(where.error().message, HasSubstr(GetParam().url));
}

const refused refusals[] = {
    {"ssh://root@node1", "forward the socket"},
    {"npipe:////./pipe/docker_engine", "unix:///var/run/docker.sock"},
    {"fd://", "expected unix://"},
    {"", "expected unix://"},
    {"/var/run/docker.sock", "expected unix://"},
    {"unix://relative.sock", "absolute path"},
    {"unix://", "absolute path"},
    {"unix:///" + std::string(107, 'x'), "at most 107 bytes"},
    {"tcp://", "only a host and a port"},
    {"tcp://node1:0", "from 1 to 65535"},
    {"tcp://node1:65536", "from 1 to 65535"},
    {"tcp://node1/path", "only a host and a port"},
    {"tcp://user:secret@node1", "only a host and a port"},
    {"http://node1?x=1", "only a host and a port"},
};
INSTANTIATE_TEST_SUITE_P(all, refused_endpoint, testing::ValuesIn(refusals));

TEST(percent, keeps_what_references_are_made_of) {
  EXPECT_EQ(encode_path("127.0.0.1:5999/team/a_b-c:1.0"), "127.0.0.1:5999/team/a_b-c:1.0");
  EXPECT_EQ(encode_path("a@sha256:ff"), "a@sha256:ff");
  EXPECT_EQ(encode_path("a b?c#d%e\r\n"), "a%20b%3Fc%23d%25e%0D%0A");
}

TEST(percent, encodes_queries) {
  EXPECT_EQ(encode_query({}), "");
  EXPECT_EQ(encode_query({{"all", "1"}, {"filters", "{\"a\":[\"b&c=d\"]}"}}),
            "?all=1&filters=%7B%22a%22%3A%5B%22b%26c%3Dd%22%5D%7D");
}

}  // namespace
}  // namespace docksweep::net
