#include <boost/asio/this_coro.hpp>

#include "api/http/websocket_connection.h"
#include "api/server/port_forward.h"

namespace berth::api {

namespace {

constexpr std::size_t kEndedChannel = 255;

class WebSocketForwarder {
 public:
  WebSocketForwarder(Executor executor, std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol,
                     std::vector<std::uint16_t> ports, PortForward forward)
      : websocket_(executor, std::move(stream)),
        protocol_(std::move(protocol)),
        ports_(std::move(ports)),
        forward_(std::move(forward)),
        tasks_(executor, "port-forward") {
    for (std::size_t i = 0; i < ports_.size(); ++i) relays_.push_back(std::make_shared<PortRelay>(executor));
    open_ = ports_.size();
  }

  Task<void> run() {
    std::exception_ptr failure;
    try {
      for (std::size_t i = 0; i < ports_.size(); ++i) {
        co_await announce(i);
        tasks_.spawn("port", serve(i));
      }
      while (auto message = co_await websocket_.next()) co_await take(std::move(message->payload));
    } catch (...) {
      failure = std::current_exception();
    }
    for (const auto& relay : relays_) relay->close();
    co_await asio::this_coro::reset_cancellation_state();
    co_await tasks_.stop();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  // The first message of each channel: the port, little-endian.
  Task<void> announce(std::size_t index) {
    const auto port = ports_[index];
    const std::string number{static_cast<char>(port & 0xff), static_cast<char>(port >> 8)};
    co_await send(2 * index, number);
    co_await send(2 * index + 1, number);
  }

  Task<bool> send(std::size_t channel, std::string bytes) {
    if (protocol_.base64) {
      auto text = static_cast<char>('0' + channel) + http::encode_base64(bytes);
      return websocket_.send(http::WebSocketOpcode::Text, std::move(text));
    }
    bytes.insert(bytes.begin(), static_cast<char>(channel));
    return websocket_.send(http::WebSocketOpcode::Binary, std::move(bytes));
  }

  Task<void> take(std::string bytes) {
    if (bytes.empty()) co_return;
    const std::size_t channel = static_cast<unsigned char>(bytes.front()) - (protocol_.base64 ? '0' : 0);
    bytes.erase(0, 1);
    // As in version 5 of the channel protocol: the channel that is named ends. What the port sends goes on.
    if (!protocol_.base64 && channel == kEndedChannel && bytes.size() == 1) {
      const std::size_t ended = static_cast<unsigned char>(bytes.front());
      if (ended % 2 == 0 && ended / 2 < relays_.size()) relays_[ended / 2]->end_input();
      co_return;
    }
    if (channel % 2 == 1 || channel / 2 >= relays_.size()) co_return;
    if (protocol_.base64) {
      auto plain = http::decode_base64_text(bytes);
      if (!plain) {
        std::string reason = "a message is not in base64";
        const auto code = http::kCloseProtocolError;
        co_return co_await websocket_.close(code, std::move(reason));
      }
      bytes = std::move(*plain);
    }
    co_await relays_[channel / 2]->push(std::move(bytes));
  }

  Task<void> serve(std::size_t index) {
    auto dial = [this, index] { return forward_.dial(ports_[index]); };
    auto to_client = [this, index](std::string bytes) { return send(2 * index, std::move(bytes)); };
    const auto relay = relays_[index];
    const auto result = co_await relay->run(std::move(dial), std::move(to_client));
    if (result.has_error()) co_await send(2 * index + 1, forward_failure(forward_, ports_[index], result.error()));
    if (--open_ == 0) co_await websocket_.close(http::kCloseNormal);
  }

  http::WebSocketConnection websocket_;
  ChannelProtocol protocol_;
  std::vector<std::uint16_t> ports_;
  PortForward forward_;
  std::vector<std::shared_ptr<PortRelay>> relays_;
  std::size_t open_ = 0;  // ports that are not over
  TaskGroup tasks_;
};

}  // namespace

Task<void> forward_over_websocket(std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol, std::vector<std::uint16_t> ports,
                                  PortForward forward) {
  const auto executor = co_await asio::this_coro::executor;
  WebSocketForwarder forwarder(executor, std::move(stream), std::move(protocol), std::move(ports), std::move(forward));
  co_await forwarder.run();
}

}  // namespace berth::api
