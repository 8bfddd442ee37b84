#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <map>

#include "api/http/spdy_connection.h"
#include "api/server/port_forward.h"

namespace berth::api {

namespace {

constexpr std::size_t kMostConnections = 256;  // at once, of one client

struct StreamPair {
  std::uint32_t error = 0;  // 0: not open yet
  std::uint32_t data = 0;
  std::uint16_t port = 0;
};

std::uint16_t port_of(const http::SpdyFrame& frame) {
  const auto text = http::spdy_header(frame.headers, "port");
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : 0;
}

class SpdyForwarder {
 public:
  SpdyForwarder(Executor executor, std::shared_ptr<http::ByteStream> stream, PortForward forward)
      : executor_(executor), spdy_(executor, std::move(stream)), forward_(std::move(forward)), tasks_(executor, "port-forward") {}

  Task<void> run() {
    std::exception_ptr failure;
    try {
      while (auto frame = co_await spdy_.next()) co_await take(std::move(*frame));
    } catch (...) {
      failure = std::current_exception();
    }
    for (const auto& [stream, relay] : relays_) relay->close();
    co_await asio::this_coro::reset_cancellation_state();
    co_await tasks_.stop();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  Task<void> take(http::SpdyFrame frame) {
    if (frame.type == http::SpdyFrame::Type::SynStream) co_return co_await open(std::move(frame));
    const auto found = relays_.find(frame.stream);
    if (found == relays_.end()) co_return;  // of an error stream, or of a connection that is over
    const auto relay = found->second;
    if (frame.type == http::SpdyFrame::Type::RstStream) co_return relay->close();
    if (!frame.payload.empty()) co_await relay->push(std::move(frame.payload));
    if (frame.fin) relay->end_input();
  }

  // Clients say which two streams belong together; very old ones open them one after the other.
  std::string pair_name(const http::SpdyFrame& frame, bool is_data) const {
    const auto named = http::spdy_header(frame.headers, "requestid");
    if (!named.empty()) return std::string(named);
    return "#" + std::to_string(is_data ? frame.stream - 2 : frame.stream);
  }

  Task<void> open(http::SpdyFrame frame) {
    const auto type = http::spdy_header(frame.headers, "streamtype");
    const bool is_data = type == "data";
    const auto port = port_of(frame);
    const auto name = pair_name(frame, is_data);
    auto& pair = pairs_[name];
    auto& id = is_data ? pair.data : pair.error;
    if ((!is_data && type != "error") || port == 0 || id != 0 || pairs_.size() + relays_.size() > kMostConnections) {
      if (pair.data == 0 && pair.error == 0) pairs_.erase(name);
      co_await spdy_.reset(frame.stream, http::kSpdyRefusedStream);
      co_return;
    }
    id = frame.stream;
    if (is_data) pair.port = port;
    const auto whole = pair;
    const bool complete = whole.data != 0 && whole.error != 0;
    if (complete) pairs_.erase(name);
    const bool there = co_await spdy_.reply(frame.stream);
    if (!there || !complete) co_return;
    const auto relay = relays_[whole.data] = std::make_shared<PortRelay>(executor_);
    tasks_.spawn("connection", serve(whole, relay));
  }

  Task<void> serve(StreamPair pair, std::shared_ptr<PortRelay> relay) {
    // However it ends, its stream means nothing any more.
    struct Release {
      SpdyForwarder& self;
      std::uint32_t stream;
      ~Release() { self.relays_.erase(stream); }
    } release{*this, pair.data};
    auto dial = [this, port = pair.port] { return forward_.dial(port); };
    auto send = [this, id = pair.data](std::string bytes) { return spdy_.data(id, std::move(bytes)); };
    const auto result = co_await relay->run(std::move(dial), std::move(send));
    if (result.has_error()) {
      co_await spdy_.data(pair.error, forward_failure(forward_, pair.port, result.error()));
    }
    co_await spdy_.data(pair.error, std::string(), true);
    co_await spdy_.data(pair.data, std::string(), true);
  }

  Executor executor_;
  http::SpdyConnection spdy_;
  PortForward forward_;
  std::map<std::string, StreamPair> pairs_;                         // not complete yet
  std::map<std::uint32_t, std::shared_ptr<PortRelay>> relays_;      // by data stream
  TaskGroup tasks_;
};

}  // namespace

std::string forward_failure(const PortForward& forward, std::uint16_t port, const Error& error) {
  return "error forwarding port " + std::to_string(port) + " to pod " + forward.pod + ": " + error.message;
}

Task<void> forward_over_spdy(std::shared_ptr<http::ByteStream> stream, PortForward forward) {
  const auto executor = co_await asio::this_coro::executor;
  SpdyForwarder forwarder(executor, std::move(stream), std::move(forward));
  co_await forwarder.run();
}

}  // namespace berth::api
