// WebSocket frames: whatever the split, the messages are the same, within the limit, and what was read can be written.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "api/http/websocket.h"

namespace {

using namespace berth::http;

constexpr std::size_t kLimit = 4096;

std::string read_messages(WebSocketRole role, std::string_view bytes, std::size_t step) {
  std::string story;
  WebSocketDecoder decoder(role, kLimit);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::vector<WebSocketMessage> messages;
    const bool ok = decoder.feed(bytes.substr(at, step), messages).has_value();
    for (const auto& message : messages) {
      if (message.payload.size() > kLimit) std::abort();
      story += websocket_frame(message.opcode, message.payload);
    }
    if (!ok) return story + "!" + std::to_string(decoder.close_code());
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0] % 16;
  const auto role = data[1] & 1 ? WebSocketRole::Server : WebSocketRole::Client;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto story = read_messages(role, bytes, std::max<std::size_t>(bytes.size(), 1));
  if (read_messages(role, bytes, step) != story) std::abort();
  const auto good = story.substr(0, story.rfind('!') == std::string::npos ? story.size() : story.rfind('!'));
  if (story.find('!') == std::string::npos && read_messages(WebSocketRole::Client, good, 7) != good) std::abort();
  const auto text = decode_base64_text(bytes);
  if (text && decode_base64_text(encode_base64(*text)) != text) std::abort();
  return 0;
}
