#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "api/http/byte_stream.h"
#include "api/http/spdy.h"
#include "api/http/websocket.h"
#include "api/server/remote_process.h"
#include "base/signal.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::api {

// A connection in memory, seen from the test as its client.
class FakeStream final : public http::ByteStream {
 public:
  explicit FakeStream(Executor executor) : changed_(std::move(executor)) {}

  // --- the client's hands ---
  void say(std::string bytes) {
    incoming_.push_back(std::move(bytes));
    changed_.notify_all();
  }
  void hang_up() { say(""); }
  void stop_reading(bool stop) {
    blocked_ = stop;
    changed_.notify_all();
  }
  std::string heard;
  bool closed = false;
  bool send_ended = false;

  Task<Result<std::string>> read() override {
    while (incoming_.empty() && !closed) co_await changed_.wait();
    if (closed) co_return base::error(Reason::Cancelled, "closed");
    auto bytes = std::move(incoming_.front());
    incoming_.pop_front();
    if (bytes.empty()) incoming_.push_front(bytes);  // the end stays the end
    co_return bytes;
  }
  Task<bool> write(std::string bytes) override {
    while (blocked_ && !closed) co_await changed_.wait();
    if (closed) co_return false;
    heard += bytes;
    co_return true;
  }
  Task<void> shutdown_send() override {
    send_ended = true;
    changed_.notify_all();
    co_return;
  }
  void close() override {
    closed = true;
    changed_.notify_all();
  }

 private:
  base::Signal changed_;
  std::deque<std::string> incoming_;
  bool blocked_ = false;
};

// Says `output`, then gives back its input until that ends; then it exits with `code`.
class FakeProcess final : public RemoteProcess {
 public:
  explicit FakeProcess(Executor executor) : changed_(std::move(executor)) {}
  std::deque<RemoteOutput> output;
  bool reads = false;
  int code = 0;
  bool closed = false;
  std::vector<std::string> sizes;

  Task<Result<std::optional<RemoteOutput>>> next() override {
    while (output.empty() && reads && !closed) co_await changed_.wait();
    if (closed) co_return base::error(Reason::Cancelled, "closed");
    if (output.empty()) co_return std::nullopt;
    auto piece = std::move(output.front());
    output.pop_front();
    co_return piece;
  }
  Task<bool> write(std::string bytes) override {
    output.push_back({1, std::move(bytes)});
    changed_.notify_all();
    co_return true;
  }
  Task<void> end_input() override {
    reads = false;
    changed_.notify_all();
    co_return;
  }
  Task<void> resize(TerminalSize size) override {
    sizes.push_back(std::to_string(size.width) + "x" + std::to_string(size.height));
    co_return;
  }
  Task<Result<int>> exit_code() override { co_return code; }
  void close() override {
    closed = true;
    changed_.notify_all();
  }

 private:
  base::Signal changed_;
};

struct StreamTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  std::shared_ptr<FakeStream> client = std::make_shared<FakeStream>(io.get_executor());
  std::shared_ptr<FakeProcess> process = std::make_shared<FakeProcess>(io.get_executor());
  TaskGroup tasks{io.get_executor(), "test"};

  void TearDown() override {
    client->close();
    fakes::run_task(io, clock, tasks.stop());
  }
  void start(Task<void> work) {
    tasks.spawn("server", std::move(work));
    fakes::settle(io);
  }
  bool is_over() const { return tasks.size() == 0; }
  void say(std::string bytes) {
    client->say(std::move(bytes));
    fakes::settle(io);
  }

  // --- WebSocket ---
  static std::string from_client(std::string payload, http::WebSocketOpcode opcode = http::WebSocketOpcode::Binary) {
    return http::websocket_frame(opcode, payload, 0x11223344);
  }
  // "2:..." for a binary message, "1:..." for a text, "8:..." for a close; the channel byte as a digit.
  std::vector<std::string> messages() {
    http::WebSocketDecoder decoder(http::WebSocketRole::Client);
    std::vector<http::WebSocketMessage> all;
    EXPECT_TRUE(decoder.feed(client->heard, all).has_value());
    std::vector<std::string> out;
    for (auto& message : all) {
      std::string text = std::to_string(static_cast<int>(message.opcode)) + ":";
      if (message.opcode == http::WebSocketOpcode::Close) {
        text += std::to_string(http::websocket_close_code(message.payload));
      } else {
        const bool has_channel = message.opcode == http::WebSocketOpcode::Binary && !message.payload.empty();
        if (has_channel) message.payload[0] = static_cast<char>(message.payload[0] + '0');
        text += message.payload;
      }
      out.push_back(std::move(text));
    }
    return out;
  }

  // --- SPDY ---
  http::SpdyEncoder encoder;
  // "2#1" for a frame of type 2 of stream 1, with its payload and a dot at its end.
  std::vector<std::string> frames() {
    http::SpdyDecoder decoder;
    std::vector<http::SpdyFrame> all;
    EXPECT_TRUE(decoder.feed(client->heard, all).has_value());
    std::vector<std::string> out;
    for (const auto& frame : all) {
      out.push_back(std::to_string(static_cast<int>(frame.type)) + "#" + std::to_string(frame.stream) + " " + frame.payload +
                    (frame.fin ? "." : ""));
    }
    return out;
  }
};

}  // namespace berth::api
