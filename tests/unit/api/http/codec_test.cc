#include "api/http/codec.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

std::string frame(char type, const std::string& payload) {
  std::string out{type, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(payload.size() >> shift));
  return out + payload;
}

TEST(LineDecoder, YieldsTheSameLinesAtEverySplit) {
  const std::string text = "{\"a\":1}\n\n{\"b\":2}\r\nrest";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LineDecoder decoder;
    std::vector<std::string> lines;
    ASSERT_TRUE(decoder.feed(text.substr(0, cut), lines).has_value());
    ASSERT_TRUE(decoder.feed(text.substr(cut), lines).has_value());
    EXPECT_EQ(lines, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"})) << cut;
    EXPECT_EQ(decoder.rest(), "rest");
    EXPECT_EQ(decoder.rest(), "");
  }
}

TEST(LineDecoder, RefusesALineAboveItsLimit) {
  LineDecoder decoder(4);
  std::vector<std::string> lines;
  EXPECT_TRUE(decoder.feed("abcd\nef", lines).has_value());
  const auto result = decoder.feed("ghi", lines);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().reason, Reason::RequestEntityTooLarge);
  EXPECT_EQ(lines.size(), 1u);
}

TEST(LogFrameDecoder, YieldsTheSameFramesAtEverySplit) {
  const std::string bytes = frame(1, "out\n") + frame(2, "") + frame(2, "err\n") + frame(0, "in");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    LogFrameDecoder decoder;
    std::vector<LogFrame> frames;
    ASSERT_TRUE(decoder.feed(bytes.substr(0, cut), frames).has_value());
    ASSERT_TRUE(decoder.feed(bytes.substr(cut), frames).has_value());
    ASSERT_EQ(frames.size(), 4u) << cut;
    EXPECT_EQ(frames[0].stream, 1);
    EXPECT_EQ(frames[0].payload, "out\n");
    EXPECT_EQ(frames[2].stream, 2);
    EXPECT_EQ(frames[2].payload, "err\n");
    EXPECT_EQ(frames[3].stream, 1);
  }
}

TEST(LogFrameDecoder, RefusesBytesThatAreNoFrames) {
  LogFrameDecoder plain_text;
  std::vector<LogFrame> frames;
  EXPECT_TRUE(plain_text.feed("plain text of a tty", frames).has_error());
  LogFrameDecoder huge;
  EXPECT_TRUE(huge.feed(std::string("\1\0\0\0\x7f\xff\xff\xff", 8), frames).has_error());
  EXPECT_TRUE(frames.empty());
}

}  // namespace
}  // namespace berth::http
