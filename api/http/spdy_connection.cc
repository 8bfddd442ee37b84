#include "api/http/spdy_connection.h"

#include <iterator>

namespace berth::http {

namespace {

constexpr std::size_t kLargestData = 1024 * 1024;

}  // namespace

SpdyConnection::SpdyConnection(Executor executor, std::shared_ptr<ByteStream> stream)
    : stream_(stream), writer_(std::move(executor), std::move(stream)) {}

// A client's streams have odd numbers that grow.
bool SpdyConnection::is_next_stream(std::uint32_t id) {
  if (id % 2 == 0 || id <= last_stream_) return false;
  last_stream_ = id;
  return true;
}

Task<std::optional<SpdyFrame>> SpdyConnection::next() {
  using Type = SpdyFrame::Type;
  while (true) {
    while (!frames_.empty()) {
      auto frame = std::move(frames_.front());
      frames_.pop_front();
      if (frame.type == Type::Ping) {
        const bool sent = co_await writer_.write(SpdyEncoder::ping(frame.stream));
        if (!sent) co_return std::nullopt;
      } else if (frame.type == Type::SynStream && !is_next_stream(frame.stream)) {
        co_await go_away(kSpdyProtocolError);
        co_return std::nullopt;
      } else if (frame.type == Type::SynStream || frame.type == Type::Data || frame.type == Type::RstStream) {
        co_return frame;
      }
    }
    if (broken_) {
      co_await go_away(kSpdyProtocolError);
      co_return std::nullopt;
    }
    const auto bytes = co_await stream_->read();
    if (bytes.has_error() || bytes->empty()) co_return std::nullopt;
    std::vector<SpdyFrame> complete;
    broken_ = decoder_.feed(*bytes, complete).has_error();
    std::move(complete.begin(), complete.end(), std::back_inserter(frames_));
  }
}

Task<bool> SpdyConnection::reply(std::uint32_t stream) { return writer_.write(encoder_.syn_reply(stream)); }

Task<bool> SpdyConnection::data(std::uint32_t stream, std::string payload, bool fin) {
  std::string_view left = payload;
  while (left.size() > kLargestData) {
    const bool sent = co_await writer_.write(SpdyEncoder::data(stream, left.substr(0, kLargestData)));
    if (!sent) co_return false;
    left.remove_prefix(kLargestData);
  }
  const bool sent = co_await writer_.write(SpdyEncoder::data(stream, left, fin));
  co_return sent;
}

Task<bool> SpdyConnection::reset(std::uint32_t stream, std::uint32_t status) {
  return writer_.write(SpdyEncoder::rst_stream(stream, status));
}

Task<void> SpdyConnection::go_away(std::uint32_t status) { co_await writer_.end(SpdyEncoder::go_away(last_stream_, status)); }

}  // namespace berth::http
