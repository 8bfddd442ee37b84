#include "api/http/websocket_connection.h"

#include <openssl/rand.h>

#include <iterator>

namespace berth::http {

namespace {

class WebSocketStream final : public ByteStream {
 public:
  explicit WebSocketStream(std::shared_ptr<WebSocketConnection> websocket) : websocket_(std::move(websocket)) {}

  Task<Result<std::string>> read() override {
    const auto websocket = websocket_;
    while (true) {
      auto message = co_await websocket->next();
      if (!message) co_return std::string();
      if (message->payload.empty()) continue;
      co_return std::move(message->payload);
    }
  }
  Task<bool> write(std::string bytes) override { return websocket_->send(WebSocketOpcode::Binary, std::move(bytes)); }
  Task<void> shutdown_send() override { return websocket_->close(kCloseNormal); }
  void close() override { websocket_->abort(); }

 private:
  std::shared_ptr<WebSocketConnection> websocket_;
};

std::uint32_t random_mask() {
  std::uint32_t mask = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&mask), sizeof(mask));
  return mask;
}

}  // namespace

WebSocketConnection::WebSocketConnection(Executor executor, std::shared_ptr<ByteStream> stream, std::size_t message_limit,
                                         WebSocketRole role)
    : role_(role), stream_(stream), writer_(std::move(executor), std::move(stream)), decoder_(role, message_limit) {}

// What a client sends is hidden under a mask that nobody can foresee.
std::string WebSocketConnection::frame(WebSocketOpcode opcode, std::string_view payload) const {
  if (role_ == WebSocketRole::Server) return websocket_frame(opcode, payload);
  return websocket_frame(opcode, payload, random_mask());
}

Task<std::optional<WebSocketMessage>> WebSocketConnection::next() {
  while (true) {
    while (!messages_.empty()) {
      auto message = std::move(messages_.front());
      messages_.pop_front();
      if (message.opcode == WebSocketOpcode::Ping) {
        const bool sent = co_await send(WebSocketOpcode::Pong, std::move(message.payload));
        if (!sent) co_return std::nullopt;
      } else if (message.opcode == WebSocketOpcode::Close) {
        const auto code = websocket_close_code(message.payload);
        co_await close(message.payload.empty() ? kCloseNormal : code);
        co_return std::nullopt;
      } else if (message.opcode != WebSocketOpcode::Pong) {
        co_return message;
      }
    }
    if (broken_) {
      co_await close(decoder_.close_code(), broken_->message);
      co_return std::nullopt;
    }
    const auto bytes = co_await stream_->read();
    if (bytes.has_error() || bytes->empty()) co_return std::nullopt;
    std::vector<WebSocketMessage> complete;
    const auto fed = decoder_.feed(*bytes, complete);
    std::move(complete.begin(), complete.end(), std::back_inserter(messages_));
    if (fed.has_error()) broken_ = fed.error();
  }
}

Task<bool> WebSocketConnection::send(WebSocketOpcode opcode, std::string payload) {
  return writer_.write(frame(opcode, payload));
}

Task<void> WebSocketConnection::close(std::uint16_t code, std::string reason) {
  auto last = frame(WebSocketOpcode::Close, websocket_close(code, reason));
  co_await writer_.end(std::move(last));
}

std::shared_ptr<ByteStream> make_websocket_stream(std::shared_ptr<WebSocketConnection> websocket) {
  return std::make_shared<WebSocketStream>(std::move(websocket));
}

}  // namespace berth::http
