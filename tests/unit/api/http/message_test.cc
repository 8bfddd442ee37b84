#include "api/http/message.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using Kind = MessageParser::Kind;

struct Parsed {
  bool ok = true;
  bool done = false;
  MessageHead head;
  std::string body;
  std::string left;
};

// Feeds `bytes` in two pieces, as a connection would.
Parsed parse(Kind kind, std::string bytes, std::size_t cut, std::size_t head_limit = 64 * 1024) {
  MessageParser parser(kind, head_limit);
  Parsed out;
  std::string buffered = bytes.substr(0, cut);
  std::string later = bytes.substr(cut);
  while (!parser.done()) {
    auto taken = parser.feed(buffered);
    if (!taken) {
      out.ok = false;
      return out;
    }
    buffered.erase(0, *taken);
    if (*taken > 0) continue;
    if (later.empty()) break;
    buffered += later;
    later.clear();
  }
  out.done = parser.done();
  out.head = parser.head();
  out.body = parser.body();
  out.left = buffered + later;
  return out;
}

TEST(MessageParser, ReadsARequestAtEverySplit) {
  const std::string bytes =
      "POST /apis?x=1 HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}GET /";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto parsed = parse(Kind::Request, bytes, cut);
    ASSERT_TRUE(parsed.ok && parsed.done) << cut;
    EXPECT_EQ(parsed.head.method, "POST");
    EXPECT_EQ(parsed.head.target, "/apis?x=1");
    EXPECT_EQ(parsed.head.header("Content-Type"), "application/json");
    EXPECT_EQ(parsed.body, "{}");
    EXPECT_EQ(parsed.left, "GET /");
  }
}

TEST(MessageParser, ReadsChunksAtEverySplitAndIgnoresTrailers) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Evil: 1\r\n\r\nnext";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto parsed = parse(Kind::Answer, bytes, cut);
    ASSERT_TRUE(parsed.ok && parsed.done) << cut;
    EXPECT_EQ(parsed.body, "abc0123456789");
    EXPECT_EQ(parsed.head.header("X-Evil"), "");
    EXPECT_EQ(parsed.left, "next");
  }
}

TEST(MessageParser, RefusesWhatIsNotHttp) {
  for (const auto* bytes : {"\x16\x03\x01 tls hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
                            "GET / HTTP/1.1\r\nHost x\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_FALSE(parse(Kind::Request, bytes, 0).ok) << bytes;
  }
}

TEST(MessageParser, LimitsTheHeadHoweverItArrives) {
  std::string endless = "GET / HTTP/1.1\r\n";
  MessageParser parser(Kind::Request, 1024);
  std::string buffered = endless;
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) {
    buffered += "X-Field: value\r\n";
    auto taken = parser.feed(buffered);
    refused = taken.has_error();
    if (!refused) buffered.erase(0, *taken);
  }
  EXPECT_TRUE(refused);
  EXPECT_FALSE(parse(Kind::Request, "GET /" + std::string(2000, 'x') + " HTTP/1.1\r\n\r\n", 0, 1024).ok);
}

TEST(MessageParser, LimitsWhatStandsBetweenChunks) {
  MessageParser parser(Kind::Request, 1024);
  std::string buffered = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  buffered.erase(0, parser.feed(buffered).value());
  buffered = "1;" + std::string(5000, 'x');
  EXPECT_TRUE(parser.feed(buffered).has_error());
}

// Beast asserts that it is shown more after it asked for more.
TEST(MessageParser, BytesThatWereTooFewMayBeShownAgain) {
  MessageParser parser(MessageParser::Kind::Answer);
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_EQ(parser.feed(bytes).value(), bytes.size());
  bytes = "0\n\r\n";
  EXPECT_EQ(parser.feed(bytes).value(), 0u);
  EXPECT_EQ(parser.feed(bytes).value(), 0u);
  bytes += "\r\n";
  EXPECT_TRUE(parser.feed(bytes).has_error());
}

TEST(MessageParser, TakesTheEndOfTheConnectionAsTheEndOfAnAnswer) {
  MessageParser open_ended(Kind::Answer);
  std::string bytes = "HTTP/1.1 200 OK\r\n\r\nall of it";
  const auto head = open_ended.feed(bytes).value();
  ASSERT_EQ(open_ended.feed(std::string_view(bytes).substr(head)).value(), 9u);
  EXPECT_FALSE(open_ended.done());
  EXPECT_TRUE(open_ended.feed_eof().has_value());
  EXPECT_TRUE(open_ended.done());
  EXPECT_FALSE(open_ended.keep_alive());

  MessageParser cut(Kind::Answer);
  ASSERT_TRUE(cut.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").has_value());
  EXPECT_TRUE(cut.feed_eof().has_error());
  MessageParser nothing(Kind::Answer);
  EXPECT_TRUE(nothing.feed_eof().has_error());
}

TEST(RequestHead, CannotBeSplitByAValue) {
  ClientRequest request;
  request.target = "/";
  request.headers = {{"X-A", "1\r\nX-Evil: 2"}, {"X-B", "2"}};
  const auto head = request_head(request, "localhost");
  EXPECT_EQ(head.find("Evil"), std::string::npos);
  EXPECT_NE(head.find("X-B: 2\r\n"), std::string::npos);
}

TEST(RequestHead, SendsALengthWithEveryBodyAndEveryPost) {
  ClientRequest request;
  request.method = "POST";
  request.target = "/";
  EXPECT_NE(request_head(request, "h").find("Content-Length: 0\r\n"), std::string::npos);
  request.body = "{}";
  request.content_type = "application/json";
  const auto head = request_head(request, "h");
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Type: application/json\r\n"), std::string::npos);
}

}  // namespace
}  // namespace berth::http
