#include "api/http/spdy.h"

#include <gtest/gtest.h>

#include "api/http/spdy_dictionary.h"
#include "api/http/spdy_zlib.h"

namespace berth::http {
namespace {

using Type = SpdyFrame::Type;
using Frames = std::vector<SpdyFrame>;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

Frames read(SpdyDecoder& decoder, std::string_view bytes) {
  Frames frames;
  EXPECT_TRUE(decoder.feed(bytes, frames).has_value());
  return frames;
}

Reason refusal(std::string_view bytes) {
  SpdyDecoder decoder;
  Frames frames;
  auto result = decoder.feed(bytes, frames);
  if (result.has_value()) return Reason::NotFound;
  EXPECT_TRUE(decoder.feed("x", frames).has_error());  // for good
  return result.error().reason;
}

// Made by another zlib: {streamtype: error} on 1, {streamtype: stdout} on 3, one stream for both.
const std::string kFirst = "80030001000000280000000100000000000078f9e3c6a7c202a62346703a2b294a4dcc851625aca9a08006000000ffff";
const std::string kSecond = "800300010000001900000003000000000000c22a054ccc29f9a52500000000ffff";

TEST(Spdy, DictionaryIsThatOfTheProtocol) {
  EXPECT_EQ(spdy_dictionary().size(), 1423U);
  EXPECT_EQ(spdy_dictionary().substr(0, 11), std::string_view("\0\0\0\7options", 11));
  EXPECT_TRUE(spdy_dictionary().ends_with(",enq=0."));
}

TEST(Spdy, ReadsStreamsThatAnotherImplementationOpened) {
  SpdyDecoder decoder;
  const auto frames = read(decoder, from_hex(kFirst + kSecond));
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].type, Type::SynStream);
  EXPECT_EQ(frames[0].stream, 1U);
  EXPECT_EQ(spdy_header(frames[0].headers, "streamtype"), "error");
  EXPECT_EQ(frames[1].stream, 3U);
  EXPECT_EQ(spdy_header(frames[1].headers, "streamtype"), "stdout");
}

std::string conversation() {
  SpdyEncoder encoder;
  std::string out = encoder.syn_stream(1, {{"streamtype", "error"}, {"port", "18999"}, {"requestid", "0"}});
  out += SpdyEncoder::data(1, "", true);
  out += encoder.syn_stream(3, {{"streamtype", "data"}, {"port", "18999"}, {"requestid", "0"}});
  out += SpdyEncoder::data(3, "GET / HTTP/1.1\r\n\r\n");
  out += encoder.syn_reply(3);
  return out + SpdyEncoder::ping(0x80000001U) + SpdyEncoder::rst_stream(3, kSpdyCancel) + SpdyEncoder::go_away(3);
}

std::string story(const Frames& frames) {
  std::string out;
  for (const auto& frame : frames) {
    if (frame.type == Type::Data && frame.payload.empty() && !frame.fin) continue;
    if (frame.type != Type::Data) out += std::to_string(static_cast<int>(frame.type)) + "#" + std::to_string(frame.stream) + " ";
    for (const auto& [name, value] : frame.headers) out += name + "=" + value + " ";
    out += frame.payload + (frame.fin ? "." : "");
  }
  return out;
}

// kubectl's tunnel cuts its bytes anywhere.
TEST(Spdy, ReadsTheSameAtEverySplit) {
  const auto sent = conversation();
  SpdyDecoder whole;
  const auto right = story(read(whole, sent));
  EXPECT_NE(right.find("1#1 streamtype=error port=18999 requestid=0 .1#3 streamtype=data"), std::string::npos) << right;
  EXPECT_NE(right.find("6#2147483649 "), std::string::npos) << right;
  for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
    SpdyDecoder decoder;
    auto frames = read(decoder, sent.substr(0, cut));
    const auto rest = read(decoder, sent.substr(cut));
    frames.insert(frames.end(), rest.begin(), rest.end());
    ASSERT_EQ(story(frames), right) << cut;
  }
}

TEST(Spdy, HandsOutDataAsItComes) {
  SpdyDecoder decoder;
  const auto sent = SpdyEncoder::data(3, "abcdef", true);
  auto first = read(decoder, sent.substr(0, 11));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].payload, "abc");
  EXPECT_FALSE(first[0].fin);
  auto second = read(decoder, sent.substr(11));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].payload, "def");
  EXPECT_TRUE(second[0].fin);
}

TEST(Spdy, PassesOverWhatNobodyNeeds) {
  SpdyDecoder decoder;
  EXPECT_TRUE(read(decoder, from_hex("8003000a00000000" "800301ff00000001aa")).empty());
  const auto update = read(decoder, from_hex("80030009000000080000000100010000"));
  ASSERT_EQ(update.size(), 1U);
  EXPECT_EQ(update[0].type, Type::WindowUpdate);
}

TEST(Spdy, RefusesWhatIsNoFrame) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), Reason::NotFound);  // data of a stream nobody opened: not the codec's to say
  EXPECT_EQ(refusal(from_hex("8002000100000000")), Reason::BadRequest);          // version 2
  EXPECT_EQ(refusal(from_hex("8003000300000004" "00000001")), Reason::BadRequest);  // half a RST_STREAM
  EXPECT_EQ(refusal(from_hex("0000000000000001aa")), Reason::BadRequest);        // data on stream 0
  EXPECT_EQ(refusal(from_hex("8003000100010001")), Reason::RequestEntityTooLarge);
  EXPECT_EQ(refusal(from_hex("800300010000000c" "00000001000000000000" "abcd")), Reason::BadRequest);  // no zlib
  EXPECT_EQ(refusal(from_hex("800300010000000a" "00000001000000000000")), Reason::BadRequest);         // no header block
}

std::string opened_with(const std::string& block) {
  SpdyDeflater deflater;
  const auto packed = deflater.pack(block);
  const auto length = packed.size() + 10;
  std::string out = from_hex("80030001");
  out += {0, static_cast<char>(length >> 16), static_cast<char>(length >> 8), static_cast<char>(length)};
  return out + from_hex("00000001000000000000") + packed;
}

TEST(Spdy, RefusesHeaderBlocksThatAreNotWhatTheySay) {
  EXPECT_EQ(refusal(opened_with(std::string("\0\0\0\1\0\0\0\4abcd\0\0\0\1x", 17))), Reason::NotFound);  // this one is right
  EXPECT_EQ(refusal(opened_with(std::string("\0\0\0\2\0\0\0\4abcd\0\0\0\1x", 17))), Reason::BadRequest);
  EXPECT_EQ(refusal(opened_with(std::string("\0\0\0\1\0\0\0\4abcd\0\0\0\1xy", 18))), Reason::BadRequest);
  EXPECT_EQ(refusal(opened_with(std::string("\0\0\0\1\0\0\0\0\0\0\0\1x", 13))), Reason::BadRequest);
  EXPECT_EQ(refusal(opened_with(std::string("\xff\xff\xff\xff", 4))), Reason::BadRequest);
  EXPECT_EQ(refusal(opened_with(std::string("\0\0\0\1\xff\xff\xff\xff", 8))), Reason::BadRequest);
}

TEST(Spdy, DoesNotUnpackABomb) {
  EXPECT_EQ(refusal(opened_with(std::string(10 * 1024 * 1024, '\0'))), Reason::RequestEntityTooLarge);
}

TEST(Spdy, EncodesManyHeadersInOneStream) {
  SpdyEncoder encoder;
  SpdyDecoder decoder;
  for (std::uint32_t stream = 1; stream < 2000; stream += 2) {
    const auto id = std::to_string(stream);
    const auto frames = read(decoder, encoder.syn_stream(stream, {{"streamtype", "data"}, {"requestid", id}}));
    ASSERT_EQ(frames.size(), 1U);
    ASSERT_EQ(spdy_header(frames[0].headers, "requestid"), id);
  }
}

}  // namespace
}  // namespace berth::http
