#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::http {

// RFC 6455 without I/O: the frames of one direction of one WebSocket. No extensions.

enum class WebSocketOpcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// A whole message, put together from its fragments, or a control frame.
struct WebSocketMessage {
  WebSocketOpcode opcode = WebSocketOpcode::Binary;
  std::string payload;
};

// Status codes of a Close frame.
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseProtocolError = 1002;
inline constexpr std::uint16_t kCloseNotUtf8 = 1007;
inline constexpr std::uint16_t kCloseTooBig = 1009;

// Which end reads: what a client sends is masked, what a server sends is not.
enum class WebSocketRole { Server, Client };

class WebSocketDecoder {
 public:
  // A message, fragments together, has at most `message_limit` bytes.
  explicit WebSocketDecoder(WebSocketRole role, std::size_t message_limit = 1024 * 1024) : role_(role), limit_(message_limit) {}

  // Appends what is complete to `messages`, also when an error follows it. After an error nothing more is read; close_code() is what
  // to tell the peer. Errors: BadRequest (against the protocol), RequestEntityTooLarge.
  Result<void> feed(std::string_view bytes, std::vector<WebSocketMessage>& messages);
  std::uint16_t close_code() const { return close_code_; }

 private:
  struct Header;
  Result<std::size_t> take_frame(std::string_view bytes, std::vector<WebSocketMessage>& messages);
  Result<void> check(const Header& header);
  Result<void> accept(const Header& header, std::string payload, std::vector<WebSocketMessage>& messages);
  Error fail(std::uint16_t code, std::string message);

  WebSocketRole role_;
  std::size_t limit_;
  std::string buffer_;
  std::optional<WebSocketMessage> fragments_;  // a message that is not complete
  std::uint16_t close_code_ = 0;
};

// One frame on the wire; with `mask` as a client sends it.
std::string websocket_frame(WebSocketOpcode opcode, std::string_view payload, std::optional<std::uint32_t> mask = std::nullopt,
                            bool last = true);
// The payload of a Close frame; the reason is cut to what fits.
std::string websocket_close(std::uint16_t code, std::string_view reason = {});
// Its code; 1005 when there is none.
std::uint16_t websocket_close_code(std::string_view payload);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key. Errors: BadRequest (not 16 bytes in base64).
Result<std::string> websocket_accept(std::string_view key);

// A Sec-WebSocket-Key nobody used before.
std::string websocket_key();

// Standard alphabet, padded.
std::string encode_base64(std::string_view bytes);
// Standard or URL alphabet, padded or not, nothing else between. nullopt when it is something else.
std::optional<std::string> decode_base64_text(std::string_view text);

}  // namespace berth::http
