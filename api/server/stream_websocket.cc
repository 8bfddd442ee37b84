#include <array>

#include "api/http/channels.h"
#include "api/http/websocket_connection.h"
#include "api/server/stream_channels.h"
#include "crd/fields.h"

// exec and attach over a WebSocket: each message is a channel byte and what goes through that channel.
namespace berth::api {

namespace {

constexpr int kFirstWithStatus = 4;
constexpr int kFirstWithHalfClose = 5;

class WebSocketChannels final : public Channels {
 public:
  WebSocketChannels(Executor executor, std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol, RemoteStreams streams)
      : websocket_(std::move(executor), std::move(stream)), protocol_(std::move(protocol)), streams_(streams) {}

  // A server of Kubernetes begins with an empty message on its first output.
  Task<bool> open() override { return send(streams_.out ? http::kStdoutChannel : http::kErrorChannel, {}); }

  Task<std::optional<ChannelInput>> next() override {
    while (true) {
      auto message = co_await websocket_.next();
      if (!message) co_return std::nullopt;
      auto decoded = decode(std::move(*message));
      if (!decoded) {
        std::uint16_t code = http::kCloseProtocolError;
        std::string reason = "a message has no channel";
        co_await websocket_.close(code, std::move(reason));
        co_return std::nullopt;
      }
      if (auto input = input_of(decoded->first, std::move(decoded->second))) co_return input;
    }
  }

  Task<bool> write(int stream, std::string bytes) override { return send(static_cast<char>(stream), std::move(bytes)); }

  Task<void> finish(json status) override {
    std::string text = protocol_.version >= kFirstWithStatus ? crd::dump(status) : plain_status(status);
    if (!text.empty()) co_await send(http::kErrorChannel, std::move(text));
    co_await websocket_.close(http::kCloseNormal);
  }

 private:
  Task<bool> send(char channel, std::string bytes) {
    if (protocol_.base64) {
      auto text = static_cast<char>('0' + channel) + http::encode_base64(bytes);
      return websocket_.send(http::WebSocketOpcode::Text, std::move(text));
    }
    bytes.insert(bytes.begin(), channel);
    return websocket_.send(http::WebSocketOpcode::Binary, std::move(bytes));
  }

  std::optional<std::pair<char, std::string>> decode(http::WebSocketMessage message) const {
    auto& bytes = message.payload;
    if (bytes.empty()) return std::nullopt;
    const char channel = bytes.front();
    bytes.erase(0, 1);
    if (!protocol_.base64) return std::pair(channel, std::move(bytes));
    auto plain = http::decode_base64_text(bytes);
    if (!plain || channel < '0' || channel > '9') return std::nullopt;
    return std::pair(static_cast<char>(channel - '0'), std::move(*plain));
  }

  // nullopt: of no meaning here.
  std::optional<ChannelInput> input_of(char channel, std::string bytes) const {
    if (channel == http::kStdinChannel && streams_.in && !bytes.empty()) return ChannelInput{.bytes = std::move(bytes)};
    if (channel == http::kCloseChannel && protocol_.version >= kFirstWithHalfClose && bytes == std::string(1, http::kStdinChannel)) {
      return ChannelInput{.kind = ChannelInput::Kind::EndOfStdin};
    }
    if (channel != http::kResizeChannel || !streams_.tty) return std::nullopt;
    const auto size = parse_terminal_size(bytes);
    if (!size) return std::nullopt;
    return ChannelInput{.kind = ChannelInput::Kind::Resize, .size = *size};
  }

  http::WebSocketConnection websocket_;
  ChannelProtocol protocol_;
  RemoteStreams streams_;
};

}  // namespace

std::unique_ptr<Channels> make_websocket_channels(Executor executor, std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol,
                                                  RemoteStreams streams) {
  return std::make_unique<WebSocketChannels>(std::move(executor), std::move(stream), std::move(protocol), streams);
}

std::optional<TerminalSize> parse_terminal_size(std::string_view text) {
  const auto parsed = crd::parse_json(text);
  if (parsed.has_error()) return std::nullopt;
  const auto width = crd::number_at(*parsed, "Width");
  const auto height = crd::number_at(*parsed, "Height");
  if (width <= 0 || height <= 0 || width > 0xffff || height > 0xffff) return std::nullopt;
  return TerminalSize{static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height)};
}

std::string plain_status(const json& status) {
  return crd::text_at(status, "status") == "Success" ? std::string() : crd::text_at(status, "message");
}

}  // namespace berth::api
