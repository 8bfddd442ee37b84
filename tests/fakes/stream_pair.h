#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "api/http/byte_stream.h"
#include "base/signal.h"

namespace berth::fakes {

// The two ends of a connection in memory: what one writes the other reads.
class PairedStream final : public http::ByteStream {
 public:
  static std::pair<std::shared_ptr<PairedStream>, std::shared_ptr<PairedStream>> make(const Executor& executor) {
    auto a = std::make_shared<PairedStream>(executor);
    auto b = std::make_shared<PairedStream>(executor);
    a->peer_ = b;
    b->peer_ = a;
    return {a, b};
  }
  explicit PairedStream(const Executor& executor) : changed_(executor) {}

  Task<Result<std::string>> read() override {
    while (incoming_.empty() && !ended_ && !closed_) co_await changed_.wait();
    if (closed_) co_return base::error(Reason::Cancelled, "closed");
    if (incoming_.empty()) co_return std::string();
    auto bytes = std::move(incoming_.front());
    incoming_.pop_front();
    co_return bytes;
  }
  Task<bool> write(std::string bytes) override {
    const auto peer = peer_.lock();
    if (closed_ || !peer || peer->closed_) co_return false;
    peer->incoming_.push_back(std::move(bytes));
    peer->changed_.notify_all();
    co_return true;
  }
  Task<void> shutdown_send() override {
    end_peer();
    co_return;
  }
  void close() override {
    closed_ = true;
    changed_.notify_all();
    end_peer();
  }

 private:
  void end_peer() {
    if (const auto peer = peer_.lock()) {
      peer->ended_ = true;
      peer->changed_.notify_all();
    }
  }

  base::Signal changed_;
  std::weak_ptr<PairedStream> peer_;
  std::deque<std::string> incoming_;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace berth::fakes
