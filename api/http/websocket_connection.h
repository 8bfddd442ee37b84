#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "api/http/stream_writer.h"
#include "api/http/websocket.h"

namespace berth::http {

// One end of a WebSocket, after the handshake: answers pings, says goodbye. One reader; any number of writers. Loop thread only.
class WebSocketConnection {
 public:
  WebSocketConnection(Executor executor, std::shared_ptr<ByteStream> stream, std::size_t message_limit = 1024 * 1024,
                      WebSocketRole role = WebSocketRole::Server);

  // The next text or binary message. nullopt: the peer said goodbye, is gone or broke the protocol (it was told so).
  Task<std::optional<WebSocketMessage>> next();
  // False: the peer is gone, or close() was said.
  Task<bool> send(WebSocketOpcode opcode, std::string payload);
  Task<void> close(std::uint16_t code) { return close(code, std::string()); }
  Task<void> close(std::uint16_t code, std::string reason);
  // Without a word. Pending calls return.
  void abort() { stream_->close(); }

 private:
  std::string frame(WebSocketOpcode opcode, std::string_view payload) const;

  const WebSocketRole role_;
  std::shared_ptr<ByteStream> stream_;
  StreamWriter writer_;
  WebSocketDecoder decoder_;
  std::deque<WebSocketMessage> messages_;
  std::optional<Error> broken_;
};

// The bytes that binary messages carry, however they are cut. Owns its WebSocket.
std::shared_ptr<ByteStream> make_websocket_stream(std::shared_ptr<WebSocketConnection> websocket);

}  // namespace berth::http
