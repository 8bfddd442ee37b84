// Line and log frame decoders: whatever the split, the items are the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "api/http/codec.h"

namespace {

using namespace berth::http;

struct Lines {
  bool ok = true;
  std::vector<std::string> lines;
  std::string rest;
  bool operator==(const Lines&) const = default;
};

Lines read_lines(std::string_view text, std::size_t step) {
  Lines out;
  LineDecoder decoder(1000);
  for (std::size_t at = 0; at < text.size() && out.ok; at += step) {
    out.ok = decoder.feed(text.substr(at, step), out.lines).has_value();
  }
  if (out.ok) out.rest = decoder.rest();
  return out;
}

std::string read_frames(std::string_view bytes, std::size_t step) {
  std::string story;
  LogFrameDecoder decoder;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::vector<LogFrame> frames;
    const bool ok = decoder.feed(bytes.substr(at, step), frames).has_value();
    for (const auto& frame : frames) story += std::to_string(frame.stream) + frame.payload;
    if (!ok) return story + "!";
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t whole = std::max<std::size_t>(bytes.size(), 1);
  if (read_lines(bytes, step) != read_lines(bytes, whole)) std::abort();
  if (read_frames(bytes, step) != read_frames(bytes, whole)) std::abort();
  return 0;
}
