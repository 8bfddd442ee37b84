#include "api/server/port_forward.h"

#include "tests/unit/api/server/stream_fixture.h"

namespace berth::api {
namespace {

using testing::ElementsAre;

struct PortForwardTest : StreamTest {
  std::map<std::uint16_t, std::shared_ptr<FakeStream>> ports;  // what listens in the container

  void TearDown() override {
    for (const auto& [number, port] : ports) port->close();
    StreamTest::TearDown();
  }
  std::shared_ptr<FakeStream> listen(std::uint16_t port) { return ports[port] = std::make_shared<FakeStream>(io.get_executor()); }
  Task<Result<std::shared_ptr<http::ByteStream>>> dial(std::uint16_t port) {
    const auto found = ports.find(port);
    if (found == ports.end()) co_return base::error(Reason::ServiceUnavailable, "connection refused");
    co_return std::shared_ptr<http::ByteStream>(found->second);
  }
  PortForward forward() {
    return {"p1_default, uid u", [this](std::uint16_t port) { return dial(port); }};
  }
  void over_spdy() { start(forward_over_spdy(client, forward())); }
  void open_pair(std::uint32_t first, const std::string& port, const std::string& request) {
    say(encoder.syn_stream(first, {{"port", port}, {"requestid", request}, {"streamtype", "error"}}));
    say(http::SpdyEncoder::data(first, "", true));
    say(encoder.syn_stream(first + 2, {{"streamtype", "data"}, {"port", port}, {"requestid", request}}));
  }
};

// The transcript pf.
TEST_F(PortForwardTest, BytesGoBothWaysUntilBothHaveEnded) {
  const auto port = listen(18999);
  over_spdy();
  open_pair(1, "18999", "0");
  say(http::SpdyEncoder::data(3, "GET /"));
  EXPECT_EQ(port->heard, "GET /");
  port->say("200 OK");
  fakes::settle(io);
  say(http::SpdyEncoder::data(3, "", true));
  EXPECT_TRUE(port->send_ended);
  port->hang_up();
  fakes::settle(io);
  EXPECT_THAT(frames(), ElementsAre("2#1 ", "2#3 ", "0#3 200 OK", "0#1 .", "0#3 ."));
  EXPECT_FALSE(is_over());  // the client may come again
  client->hang_up();
  fakes::settle(io);
  EXPECT_TRUE(is_over());
}

// The transcript pf-refused.
TEST_F(PortForwardTest, ARefusalIsTold) {
  over_spdy();
  open_pair(1, "17", "0");
  EXPECT_THAT(frames(), ElementsAre("2#1 ", "2#3 ", "0#1 error forwarding port 17 to pod p1_default, uid u: connection refused", "0#1 .",
                                    "0#3 ."));
}

TEST_F(PortForwardTest, ManyConnectionsDoNotMixUp) {
  const auto first = listen(80);
  const auto second = listen(81);
  over_spdy();
  open_pair(1, "80", "0");
  open_pair(5, "81", "1");
  say(http::SpdyEncoder::data(7, "two"));
  say(http::SpdyEncoder::data(3, "one"));
  EXPECT_EQ(first->heard, "one");
  EXPECT_EQ(second->heard, "two");
  say(http::SpdyEncoder::rst_stream(3, http::kSpdyCancel));
  EXPECT_TRUE(first->closed);
  EXPECT_FALSE(second->closed);
}

TEST_F(PortForwardTest, APortThatDoesNotReadHoldsTheClientBack) {
  const auto port = listen(80);
  over_spdy();
  open_pair(1, "80", "0");
  port->stop_reading(true);
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string piece(100000, static_cast<char>('a' + i));
    all += piece;
    say(http::SpdyEncoder::data(3, piece));
  }
  EXPECT_TRUE(port->heard.empty());
  port->stop_reading(false);
  fakes::settle(io);
  EXPECT_EQ(port->heard, all);
}

TEST_F(PortForwardTest, BadStreamsAreRefused) {
  over_spdy();
  say(encoder.syn_stream(1, {{"port", "99999"}, {"requestid", "0"}, {"streamtype", "error"}}));
  say(encoder.syn_stream(3, {{"port", "80"}, {"requestid", "0"}, {"streamtype", "stdout"}}));
  say(encoder.syn_stream(5, {{"port", "80"}, {"requestid", "0"}, {"streamtype", "data"}}));
  say(encoder.syn_stream(7, {{"port", "80"}, {"requestid", "0"}, {"streamtype", "data"}}));
  EXPECT_THAT(frames(), ElementsAre("3#1 ", "3#3 ", "2#5 ", "3#7 "));
}

// The transcript node-portforward.
TEST_F(PortForwardTest, ChannelsBeginWithTheirPort) {
  const auto port = listen(18999);
  start(forward_over_websocket(client, {"v4.channel.k8s.io", 4, false}, {18999, 17}, forward()));
  say(from_client(std::string("\0GET /", 6)));
  EXPECT_EQ(port->heard, "GET /");
  port->say("200 OK");
  fakes::settle(io);
  EXPECT_THAT(messages(), ElementsAre("2:07J", "2:17J", std::string("2:2\x11\0", 5), std::string("2:3\x11\0", 5),
                                      "2:3error forwarding port 17 to pod p1_default, uid u: connection refused", "2:0200 OK"));
  port->hang_up();
  fakes::settle(io);
  EXPECT_EQ(messages().back(), "8:1000");
}

}  // namespace
}  // namespace berth::api
