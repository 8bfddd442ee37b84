// SPDY frames: whatever the split, the frames are the same. The bytes come as they are, and as the header block of a stream.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "api/http/spdy.h"
#include "api/http/spdy_zlib.h"

namespace {

using namespace berth::http;

// Payloads of one stream run together: where they are cut is nobody's business.
std::string read_frames(std::string_view bytes, std::size_t step) {
  std::string story;
  SpdyDecoder decoder;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::vector<SpdyFrame> frames;
    const bool ok = decoder.feed(bytes.substr(at, step), frames).has_value();
    for (const auto& frame : frames) {
      if (frame.headers.size() > SpdyDecoder::kMostHeaders) std::abort();
      const auto type = std::to_string(static_cast<int>(frame.type));
      if (frame.type != SpdyFrame::Type::Data) story += "<" + type + ":" + std::to_string(frame.stream);
      for (const auto& [name, value] : frame.headers) story += name + "=" + value + ";";
      story += frame.payload;
      if (frame.fin) story += "." + std::to_string(frame.stream);
    }
    if (!ok) return story + "!";
  }
  return story;
}

std::string as_header_block(std::string_view block) {
  SpdyDeflater deflater;
  const auto packed = deflater.pack(block);
  const auto length = packed.size() + 10;
  std::string out{static_cast<char>(0x80), 3, 0, 1, 0};
  for (const int shift : {16, 8, 0}) out += static_cast<char>(length >> shift & 0xff);
  out += std::string("\0\0\0\1\0\0\0\0\0\0", 10);
  return out + packed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto opened = as_header_block(bytes);
  for (const std::string_view sent : {bytes, std::string_view(opened)}) {
    const auto whole = std::max<std::size_t>(sent.size(), 1);
    if (read_frames(sent, step) != read_frames(sent, whole)) std::abort();
  }
  return 0;
}
