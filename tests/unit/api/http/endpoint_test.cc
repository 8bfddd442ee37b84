#include "api/http/endpoint.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

TEST(Endpoint, KnowsBothKindsOfServers) {
  const auto socket = parse_endpoint("unix:///run/berth.sock", 6440).value();
  EXPECT_EQ(socket.kind, Endpoint::Kind::Unix);
  EXPECT_EQ(socket.path, "/run/berth.sock");
  EXPECT_EQ(socket.host_header(), "localhost");
  EXPECT_EQ(socket.str(), "unix:///run/berth.sock");

  const auto tcp = parse_endpoint("tcp://docker.example:2375", 1).value();
  EXPECT_EQ(tcp.kind, Endpoint::Kind::Tcp);
  EXPECT_EQ(tcp.host, "docker.example");
  EXPECT_EQ(tcp.port, 2375);
  EXPECT_EQ(tcp.str(), "http://docker.example:2375");
}

TEST(Endpoint, KnowsTls) {
  const auto endpoint = parse_endpoint("https://[::1]:7000", 1).value();
  EXPECT_TRUE(endpoint.tls);
  EXPECT_EQ(endpoint.str(), "https://[::1]:7000");
  EXPECT_EQ(parse_endpoint("https://ci.example", 6440).value().port, 6440);
  EXPECT_FALSE(parse_endpoint("http://[::1]:7000", 1).value() == endpoint);
}

TEST(Endpoint, TakesTheDefaultPortAndASlashAtTheEnd) {
  EXPECT_EQ(parse_endpoint("http://127.0.0.1", 6440).value().port, 6440);
  EXPECT_EQ(parse_endpoint("http://127.0.0.1:80/", 6440).value().port, 80);
}

TEST(Endpoint, WritesIpv6LiteralsInBrackets) {
  const auto endpoint = parse_endpoint("http://[::1]:6440", 1).value();
  EXPECT_EQ(endpoint.host, "::1");
  EXPECT_EQ(endpoint.host_header(), "[::1]:6440");
  EXPECT_EQ(parse_endpoint(endpoint.str(), 1).value(), endpoint);
}

TEST(Endpoint, RefusesWhatItCannotReach) {
  for (const auto* text : {"", "127.0.0.1:6440", "https://", "https://x/y", "ftp://x", "http://", "http://:80", "http://x:", "http://x:99999",
                           "http://x:8a", "http://[::1", "http://[::1]8", "http://[zz]", "http://a b", "http://u:p@h", "http://x/path",
                           "unix://", "unix://relative"}) {
    const auto result = parse_endpoint(text, 6440);
    ASSERT_TRUE(result.has_error()) << text;
    EXPECT_EQ(result.error().reason, Reason::BadRequest) << text;
    EXPECT_NE(result.error().message.find("https://127.0.0.1:6440"), std::string::npos) << text;
  }
  EXPECT_TRUE(parse_endpoint("unix:///" + std::string(107, 'x'), 1).has_error());
}

}  // namespace
}  // namespace berth::http
