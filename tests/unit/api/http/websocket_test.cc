#include "api/http/websocket.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using Messages = std::vector<WebSocketMessage>;

struct Reader {
  explicit Reader(WebSocketRole role = WebSocketRole::Client, std::size_t limit = 1024) : decoder(role, limit) {}
  WebSocketDecoder decoder;
  Messages messages;
  bool feed(std::string_view bytes) { return decoder.feed(bytes, messages).has_value(); }
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

// The examples of RFC 6455, 1.3 and 5.7.
TEST(WebSocket, AcceptsTheKeyOfTheStandardsExample) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==").value(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(websocket_accept("").has_error());
  EXPECT_TRUE(websocket_accept("dGhlIHNhbXBsZQ==").has_error());
  EXPECT_TRUE(websocket_accept("no base64 at all!!!!!!!!!").has_error());
}

TEST(WebSocket, ReadsTheFramesOfTheStandardsExamples) {
  Reader plain;
  ASSERT_TRUE(plain.feed(bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f})));
  ASSERT_EQ(plain.messages.size(), 1U);
  EXPECT_EQ(plain.messages[0].opcode, WebSocketOpcode::Text);
  EXPECT_EQ(plain.messages[0].payload, "Hello");

  Reader masked(WebSocketRole::Server);
  ASSERT_TRUE(masked.feed(bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})));
  EXPECT_EQ(masked.messages.at(0).payload, "Hello");

  Reader fragments;
  ASSERT_TRUE(fragments.feed(bytes({0x01, 0x03, 0x48, 0x65, 0x6c})));
  EXPECT_TRUE(fragments.messages.empty());
  ASSERT_TRUE(fragments.feed(bytes({0x89, 0x01, 0x21})));  // a ping between them
  ASSERT_TRUE(fragments.feed(bytes({0x80, 0x02, 0x6c, 0x6f})));
  ASSERT_EQ(fragments.messages.size(), 2U);
  EXPECT_EQ(fragments.messages[0].opcode, WebSocketOpcode::Ping);
  EXPECT_EQ(fragments.messages[1].payload, "Hello");
}

// As kubectl sent it: stdin, then the half-close of channel 0.
TEST(WebSocket, ReadsWhatAClientWritesAtEverySplit) {
  const std::string sent = websocket_frame(WebSocketOpcode::Binary, bytes({0, 'l', '1', '\n'}), 0x01020304) +
                           websocket_frame(WebSocketOpcode::Binary, bytes({255, 0}), 0xfefefefe) +
                           websocket_frame(WebSocketOpcode::Binary, std::string(300, 'x'), 7) +
                           websocket_frame(WebSocketOpcode::Close, websocket_close(1000), 9);
  for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
    Reader reader(WebSocketRole::Server);
    ASSERT_TRUE(reader.feed(sent.substr(0, cut)) && reader.feed(sent.substr(cut))) << cut;
    ASSERT_EQ(reader.messages.size(), 4U) << cut;
    EXPECT_EQ(reader.messages[0].payload, bytes({0, 'l', '1', '\n'}));
    EXPECT_EQ(reader.messages[1].payload, bytes({255, 0}));
    EXPECT_EQ(reader.messages[2].payload, std::string(300, 'x'));
    EXPECT_EQ(websocket_close_code(reader.messages[3].payload), 1000);
  }
}

TEST(WebSocket, ReadsEveryFormOfLength) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 70000U}) {
    Reader reader(WebSocketRole::Client, 100000);
    ASSERT_TRUE(reader.feed(websocket_frame(WebSocketOpcode::Binary, std::string(size, 'a')))) << size;
    EXPECT_EQ(reader.messages.at(0).payload.size(), size);
  }
}

struct BadFrame {
  const char* what;
  WebSocketRole role;
  std::string bytes;
  int code;
};

TEST(WebSocket, EndsWithACloseCodeOnWhatIsAgainstTheProtocol) {
  const auto server = WebSocketRole::Server;
  const auto client = WebSocketRole::Client;
  const std::vector<BadFrame> all = {
      {"reserved bit", client, bytes({0xc1, 0x00}), kCloseProtocolError},
      {"unknown opcode", client, bytes({0x83, 0x00}), kCloseProtocolError},
      {"unmasked client", server, bytes({0x81, 0x00}), kCloseProtocolError},
      {"masked server", client, bytes({0x81, 0x80, 1, 2, 3, 4}), kCloseProtocolError},
      {"long ping", client, bytes({0x89, 126, 0, 126}), kCloseProtocolError},
      {"ping in fragments", client, bytes({0x09, 0x00}), kCloseProtocolError},
      {"fragment of nothing", client, bytes({0x80, 0x00}), kCloseProtocolError},
      {"message in a message", client, bytes({0x01, 0x00, 0x81, 0x00}), kCloseProtocolError},
      {"length not short", client, bytes({0x82, 126, 0, 5}), kCloseProtocolError},
      {"length not short (64)", client, bytes({0x82, 127, 0, 0, 0, 0, 0, 0, 1, 0}), kCloseProtocolError},
      {"negative length", client, bytes({0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}), kCloseProtocolError},
      {"too big", client, bytes({0x82, 126, 4, 1}), kCloseTooBig},
      {"far too big", client, bytes({0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0}), kCloseTooBig},
      {"half a close code", client, bytes({0x88, 0x01, 3}), kCloseProtocolError},
      {"close code 1005", client, bytes({0x88, 0x02, 3, 0xed}), kCloseProtocolError},
      {"no UTF-8", client, bytes({0x81, 0x02, 0xc0, 0x80}), kCloseNotUtf8},
  };
  for (const auto& bad : all) {
    Reader reader(bad.role);
    EXPECT_FALSE(reader.feed(bad.bytes)) << bad.what;
    EXPECT_EQ(reader.decoder.close_code(), bad.code) << bad.what;
    EXPECT_FALSE(reader.feed(bytes({0x81, 0x00}))) << bad.what;
  }
}

TEST(WebSocket, FragmentsTogetherStayWithinTheLimit) {
  Reader reader(WebSocketRole::Client, 10);
  ASSERT_TRUE(reader.feed(websocket_frame(WebSocketOpcode::Binary, "123456", std::nullopt, false)));
  EXPECT_FALSE(reader.feed(websocket_frame(WebSocketOpcode::Continuation, "78901")));
  EXPECT_EQ(reader.decoder.close_code(), kCloseTooBig);
}

TEST(WebSocket, CutsACloseReasonBetweenCharacters) {
  std::string reason(122, 'a');
  reason += "\xc3\xa4";
  EXPECT_EQ(websocket_close(1011, reason).size(), 2U + 122U);
}

TEST(Base64, GoesBothWays) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("h"), "aA==");
  EXPECT_EQ(encode_base64("hi"), "aGk=");
  EXPECT_EQ(encode_base64("hi\n"), "aGkK");
  EXPECT_EQ(decode_base64_text("YWRtaW4tdG9rZW4"), "admin-token");
  EXPECT_EQ(decode_base64_text("aA=="), "h");
  EXPECT_EQ(decode_base64_text("-_-_"), decode_base64_text("+/+/"));
  EXPECT_EQ(decode_base64_text("a"), std::nullopt);
  EXPECT_EQ(decode_base64_text("aGk=aGk="), std::nullopt);
  EXPECT_EQ(decode_base64_text("a Gk"), std::nullopt);
}

}  // namespace
}  // namespace berth::http
