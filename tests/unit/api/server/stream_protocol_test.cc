#include "api/server/stream_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/server/pod_options.h"

namespace berth::api {
namespace {

using testing::ElementsAre;

http::ServerRequest request(http::Headers headers, std::multimap<std::string, std::string> query = {}) {
  http::ServerRequest out;
  out.headers = std::move(headers);
  out.query = std::move(query);
  return out;
}

TEST(StreamProtocol, IsTakenFromTheUpgradeHeader) {
  EXPECT_EQ(transport_of(request({{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "websocket"}})), Transport::WebSocket);
  EXPECT_EQ(transport_of(request({{"connection", "upgrade"}, {"upgrade", "SPDY/3.1"}})), Transport::Spdy);
  EXPECT_EQ(transport_of(request({{"Upgrade", "websocket"}})), Transport::None);
  EXPECT_EQ(transport_of(request({{"Connection", "Upgrade"}, {"Upgrade", "h2c"}})), Transport::None);
}

TEST(StreamProtocol, OffersComeInAListOrInManyHeaders) {
  const auto spdy = request({{"X-Stream-Protocol-Version", "v5.channel.k8s.io"}, {"X-Stream-Protocol-Version", "v4.channel.k8s.io"}});
  EXPECT_THAT(offered_protocols(spdy, Transport::Spdy), ElementsAre("v5.channel.k8s.io", "v4.channel.k8s.io"));
  EXPECT_EQ(choose_exec_protocol(offered_protocols(spdy, Transport::Spdy), Transport::Spdy)->name, "v4.channel.k8s.io");
  const auto node = request({{"Sec-WebSocket-Protocol", "v5.channel.k8s.io,v4.channel.k8s.io,channel.k8s.io"}});
  EXPECT_EQ(choose_exec_protocol(offered_protocols(node, Transport::WebSocket), Transport::WebSocket)->version, 5);
  EXPECT_EQ(choose_forward_protocol(offered_protocols(node, Transport::WebSocket), Transport::WebSocket)->name, "v4.channel.k8s.io");
}

TEST(StreamProtocol, ATokenIsNoOffer) {
  const auto browser = request({{"Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.YWRtaW4, base64.channel.k8s.io"}});
  const auto chosen = choose_exec_protocol(offered_protocols(browser, Transport::WebSocket), Transport::WebSocket);
  EXPECT_EQ(chosen->name, "base64.channel.k8s.io");
  EXPECT_EQ(chosen->version, 1);
  EXPECT_TRUE(chosen->base64);
}

TEST(StreamProtocol, ATokenComesWithAWebSocketOnly) {
  http::Headers headers = {{"Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.YWRtaW4tdG9rZW4, v5.channel.k8s.io"}};
  EXPECT_EQ(websocket_token(request(headers)), "");
  headers.emplace_back("Connection", "Upgrade");
  headers.emplace_back("Upgrade", "websocket");
  EXPECT_EQ(websocket_token(request(headers)), "admin-token");
}

TEST(StreamProtocol, NoOfferIsTheFirstVersionAndAnUnknownOneIsNone) {
  EXPECT_EQ(choose_exec_protocol({}, Transport::WebSocket)->version, 1);
  EXPECT_EQ(choose_exec_protocol({"v9.channel.k8s.io"}, Transport::WebSocket), std::nullopt);
  EXPECT_EQ(choose_exec_protocol({"v4.base64.channel.k8s.io"}, Transport::Spdy), std::nullopt);
  EXPECT_EQ(choose_forward_protocol({"v4.channel.k8s.io"}, Transport::Spdy), std::nullopt);
  EXPECT_EQ(choose_forward_protocol({"SPDY/3.1+portforward.k8s.io"}, Transport::WebSocket)->name, kPortForwardTunnel);
  EXPECT_EQ(no_common_protocol({"v9.channel.k8s.io"}, accepted_spdy_protocols(false)),
            "unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [v4.channel.k8s.io "
            "v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]\n");
}

const base::SystemTime kNow = base::parse_time("2026-11-23T10:00:00Z").value();

TEST(PodOptions, OfLogsAreChecked) {
  const auto error = [](std::multimap<std::string, std::string> query) {
    return parse_pod_log_options(request({}, std::move(query)), "p1", kNow).error();
  };
  EXPECT_EQ(error({{"tailLines", "-1"}, {"limitBytes", "0"}}).message,
            "PodLogOptions \"p1\" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, "
            "limitBytes: Invalid value: 0: must be greater than 0]");
  EXPECT_EQ(error({{"sinceSeconds", "5"}, {"sinceTime", "2026-01-01T00:00:00Z"}}).message,
            "PodLogOptions \"p1\" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified");
  EXPECT_EQ(error({{"sinceTime", "yesterday"}}).reason, Reason::BadRequest);
  EXPECT_EQ(error({{"tailLines", "x"}}).reason, Reason::BadRequest);
}

TEST(PodOptions, OfLogsAreRead) {
  const auto options = parse_pod_log_options(
      request({}, {{"follow", "true"}, {"previous", "false"}, {"tailLines", "2"}, {"sinceSeconds", "60"}, {"limitBytes", "1000"}}),
      "p1", kNow);
  EXPECT_TRUE(options->follow);
  EXPECT_FALSE(options->previous);
  EXPECT_EQ(options->tail, 2);
  EXPECT_EQ(options->limit_bytes, 1000);
  EXPECT_EQ(options->since, kNow - std::chrono::seconds(60));
}

TEST(PodOptions, OfExecKeepTheOrderOfTheCommand) {
  const auto options = parse_pod_exec_options(
      request({}, {{"command", "sh"}, {"command", "-c"}, {"command", "exit 3"}, {"tty", "true"}, {"stdin", "1"}, {"stdout", "true"},
                   {"stderr", "true"}}));
  EXPECT_THAT(options.command, ElementsAre("sh", "-c", "exit 3"));
  EXPECT_TRUE(options.streams.in && options.streams.out && options.streams.tty);
  EXPECT_FALSE(options.streams.err);
}

TEST(PodOptions, OfPortForwardAreNumbers) {
  EXPECT_THAT(parse_forward_ports(request({}, {{"ports", "80,81"}, {"ports", "18999"}})).value(), ElementsAre(80, 81, 18999));
  EXPECT_TRUE(parse_forward_ports(request({})).has_error());
  EXPECT_TRUE(parse_forward_ports(request({}, {{"ports", "0"}})).has_error());
  EXPECT_TRUE(parse_forward_ports(request({}, {{"ports", "80,"}})).has_error());
}

}  // namespace
}  // namespace berth::api
