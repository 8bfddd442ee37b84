#include <deque>
#include <map>

#include "api/http/spdy_connection.h"
#include "api/server/stream_channels.h"
#include "base/clock.h"
#include "base/task_group.h"

// exec and attach over SPDY/3.1: a stream for each channel, opened by the client.
namespace berth::api {

namespace {

constexpr auto kOpenTime = std::chrono::seconds(30);
constexpr std::size_t kMostEarlyBytes = 1024 * 1024;
constexpr std::size_t kLargestResize = 4096;
constexpr int kFirstWithStatusV4 = 4;
constexpr int kFirstWithResize = 3;

class SpdyChannels final : public Channels {
 public:
  SpdyChannels(Executor executor, base::Clock& clock, std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol,
               RemoteStreams streams)
      : executor_(executor), clock_(clock), spdy_(executor, std::move(stream)), protocol_(std::move(protocol)) {
    wanted_ = {"error"};
    if (streams.in) wanted_.push_back("stdin");
    if (streams.out) wanted_.push_back("stdout");
    if (streams.err) wanted_.push_back("stderr");
    if (streams.tty && protocol_.version >= kFirstWithResize) wanted_.push_back("resize");
  }

  Task<bool> open() override {
    TaskGroup group(executor_, "spdy open");
    group.spawn("time", hurry(clock_, spdy_));
    std::exception_ptr failure;
    bool complete = false;
    try {
      complete = co_await open_all();
    } catch (...) {
      failure = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state();
    co_await group.stop();
    if (failure) std::rethrow_exception(failure);
    co_return complete;
  }

  Task<std::optional<ChannelInput>> next() override {
    while (true) {
      if (!inputs_.empty()) {
        auto input = std::move(inputs_.front());
        inputs_.pop_front();
        co_return input;
      }
      auto frame = co_await spdy_.next();
      if (!frame) co_return std::nullopt;
      if (frame->type == http::SpdyFrame::Type::SynStream) {
        co_await spdy_.reset(frame->stream, http::kSpdyRefusedStream);
      } else {
        take(std::move(*frame));
      }
    }
  }

  Task<bool> write(int stream, std::string bytes) override {
    const auto found = streams_.find(stream == 2 ? "stderr" : "stdout");
    if (found == streams_.end()) co_return true;
    const bool sent = co_await spdy_.data(found->second, std::move(bytes));
    co_return sent;
  }

  Task<void> finish(json status) override {
    std::string text = protocol_.version >= kFirstWithStatusV4 ? crd::dump(status) : plain_status(status);
    if (const auto error = streams_.find("error"); error != streams_.end() && !text.empty()) {
      co_await spdy_.data(error->second, std::move(text));
    }
    for (const auto& [type, id] : streams_) co_await spdy_.reset(id, http::kSpdyCancel);
    co_await spdy_.go_away();
  }

 private:
  static Task<void> hurry(base::Clock& clock, http::SpdyConnection& spdy) {
    co_await clock.sleep_for(kOpenTime);
    spdy.abort();
  }

  Task<bool> open_all() {
    while (streams_.size() < wanted_.size()) {
      auto frame = co_await spdy_.next();
      if (!frame) co_return false;
      if (frame->type != http::SpdyFrame::Type::SynStream) {
        early_ += frame->payload.size();
        if (early_ > kMostEarlyBytes) co_return false;
        take(std::move(*frame));
        continue;
      }
      std::string type(http::spdy_header(frame->headers, "streamtype"));
      const bool is_wanted = std::find(wanted_.begin(), wanted_.end(), type) != wanted_.end();
      if (!is_wanted || streams_.contains(type)) {
        co_await spdy_.reset(frame->stream, http::kSpdyRefusedStream);
        continue;
      }
      streams_[std::move(type)] = frame->stream;
      const bool there = co_await spdy_.reply(frame->stream);
      if (!there) co_return false;
    }
    co_return true;
  }

  bool is(const http::SpdyFrame& frame, const char* type) const {
    const auto found = streams_.find(type);
    return found != streams_.end() && found->second == frame.stream;
  }

  void take(http::SpdyFrame frame) {
    const bool ends = frame.fin || frame.type == http::SpdyFrame::Type::RstStream;
    if (is(frame, "stdin")) {
      if (!frame.payload.empty()) inputs_.push_back({.bytes = std::move(frame.payload)});
      if (ends) inputs_.push_back({.kind = ChannelInput::Kind::EndOfStdin});
    } else if (is(frame, "resize")) {
      take_resize(frame.payload);
    }
  }

  // JSON objects, one after the other.
  void take_resize(const std::string& bytes) {
    resize_ += bytes;
    for (auto end = resize_.find('}'); end != std::string::npos; end = resize_.find('}')) {
      const auto size = parse_terminal_size(std::string_view(resize_).substr(0, end + 1));
      if (size) inputs_.push_back({.kind = ChannelInput::Kind::Resize, .size = *size});
      resize_.erase(0, end + 1);
    }
    if (resize_.size() > kLargestResize) resize_.clear();
  }

  Executor executor_;
  base::Clock& clock_;
  http::SpdyConnection spdy_;
  ChannelProtocol protocol_;
  std::vector<std::string> wanted_;
  std::map<std::string, std::uint32_t> streams_;  // by streamtype
  std::deque<ChannelInput> inputs_;
  std::size_t early_ = 0;  // bytes that came before all streams were open
  std::string resize_;     // the beginning of an object
};

}  // namespace

std::unique_ptr<Channels> make_spdy_channels(Executor executor, base::Clock& clock, std::shared_ptr<http::ByteStream> stream,
                                             ChannelProtocol protocol, RemoteStreams streams) {
  return std::make_unique<SpdyChannels>(std::move(executor), clock, std::move(stream), std::move(protocol), streams);
}

}  // namespace berth::api
