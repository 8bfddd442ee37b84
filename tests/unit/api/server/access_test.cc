#include "api/server/access.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

http::ServerRequest over_tcp(http::Headers headers) {
  http::ServerRequest request;
  request.method = "GET";
  request.headers = std::move(headers);
  return request;
}

Reason outcome(const http::ServerRequest& request, bool open = false) {
  const auto result = check_access(request, "secret", open);
  return result ? Reason::Cancelled : result.error().reason;
}
constexpr auto kAllowed = Reason::Cancelled;

TEST(Access, NeedsTheTokenOverTcp) {
  EXPECT_EQ(outcome(over_tcp({{"Host", "127.0.0.1:6440"}, {"Authorization", "Bearer secret"}})), kAllowed);
  EXPECT_EQ(outcome(over_tcp({{"host", "localhost"}, {"authorization", "bearer secret"}})), kAllowed);
  for (const auto* header : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2", "Bearer Secret", "Basic secret", "secret"}) {
    EXPECT_EQ(outcome(over_tcp({{"Host", "localhost"}, {"Authorization", header}})), Reason::Unauthorized) << header;
  }
  EXPECT_EQ(outcome(over_tcp({{"Host", "localhost"}}), true), kAllowed);
}

TEST(Access, IsClosedWhenNoTokenWasSet) {
  const auto request = over_tcp({{"Host", "localhost"}, {"Authorization", "Bearer "}});
  EXPECT_TRUE(check_access(request, "", false).has_error());
}

TEST(Access, WantsALoopbackHostEvenWhereItIsOpen) {
  for (const auto* host : {"localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:6440", "[::1]", "[::1]:6440"}) {
    EXPECT_EQ(outcome(over_tcp({{"Host", host}}), true), kAllowed) << host;
  }
  for (const auto* host : {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1:x", "127.0.0", "127.0.0.256",
                           "128.0.0.1", "[::1", "[::2]", "::1", "localhost:", "localhost:123456", "127.0.0.1@evil"}) {
    EXPECT_EQ(outcome(over_tcp({{"Host", host}}), true), Reason::Forbidden) << host;
  }
  EXPECT_EQ(outcome(over_tcp({}), true), Reason::Forbidden);
  EXPECT_EQ(outcome(over_tcp({{"Host", "localhost"}, {"Host", "evil.example"}}), true), Reason::Forbidden);
}

TEST(Access, RefusesForeignOriginsEverywhere) {
  for (const auto* origin : {"https://evil.example", "null", "http://localhost:6441", "https://localhost:6440", ""}) {
    auto request = over_tcp({{"Host", "localhost:6440"}, {"Origin", origin}, {"Authorization", "Bearer secret"}});
    EXPECT_EQ(outcome(request), Reason::Forbidden) << origin;
    EXPECT_EQ(outcome(request, true), Reason::Forbidden) << origin;
    request.over_unix_socket = true;
    EXPECT_EQ(outcome(request), Reason::Forbidden) << origin;
  }
  EXPECT_EQ(outcome(over_tcp({{"Host", "localhost:6440"}, {"Origin", "http://localhost:6440"}}), true), kAllowed);
}

http::ServerRequest over_tls(http::Headers headers) {
  auto request = over_tcp(std::move(headers));
  request.server_names = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"ci.example", "*.berth.example", "10.0.0.5", "fd00::5"});
  return request;
}

TEST(Access, OverTlsTheNamesOfTheCertificateAreHostsToo) {
  for (const auto* host : {"ci.example", "CI.example:6440", "a.berth.example", "10.0.0.5:6440", "[fd00::5]:6440", "localhost", "127.0.0.1:1"}) {
    EXPECT_EQ(outcome(over_tls({{"Host", host}}), true), kAllowed) << host;
  }
  for (const auto* host : {"", "evil.example", "a.b.berth.example", "berth.example", "10.0.0.6", "[fd00::6]", "ci.example.", "*.berth.example.x"}) {
    EXPECT_EQ(outcome(over_tls({{"Host", host}}), true), Reason::Forbidden) << host;
  }
  EXPECT_EQ(outcome(over_tcp({{"Host", "ci.example"}}), true), Reason::Forbidden);
}

TEST(Access, TheOwnOriginHasTheOwnScheme) {
  EXPECT_EQ(outcome(over_tls({{"Host", "ci.example:1"}, {"Origin", "https://ci.example:1"}}), true), kAllowed);
  EXPECT_EQ(outcome(over_tls({{"Host", "ci.example:1"}, {"Origin", "http://ci.example:1"}}), true), Reason::Forbidden);
  EXPECT_EQ(outcome(over_tls({{"Host", "ci.example:1"}, {"Origin", "https://ci.example"}}), true), Reason::Forbidden);
}

TEST(Access, AWrongTokenIsRefusedWhereNoneIsNeeded) {
  EXPECT_EQ(outcome(over_tcp({{"Host", "localhost"}, {"Authorization", "Bearer wrong"}}), true), Reason::Unauthorized);
  EXPECT_EQ(outcome(over_tcp({{"Host", "localhost"}, {"Authorization", "Bearer secret"}}), true), kAllowed);
  EXPECT_EQ(outcome(over_tcp({{"Host", "localhost"}, {"Authorization", "Basic wrong"}}), true), kAllowed);
}

TEST(Access, LeavesAUnixSocketToItsMode) {
  http::ServerRequest request;
  request.over_unix_socket = true;
  request.headers = {{"Host", "whatever"}};
  EXPECT_EQ(outcome(request), kAllowed);
}

}  // namespace
}  // namespace berth::api
