#include "api/http/stream_writer.h"

namespace berth::http {

// Holds the stream from its turn on.
struct StreamWriter::Turn {
  explicit Turn(StreamWriter& writer) : writer_(writer) {}
  Turn(const Turn&) = delete;
  ~Turn() {
    if (!held_) return;
    writer_.busy_ = false;
    writer_.freed_.notify_all();
  }
  Task<void> come() {
    while (writer_.busy_) co_await writer_.freed_.wait();
    writer_.busy_ = held_ = true;
  }

 private:
  StreamWriter& writer_;
  bool held_ = false;
};

Task<bool> StreamWriter::write(std::string bytes) {
  Turn turn(*this);
  co_await turn.come();
  if (ended_ || sending_) co_return false;
  sending_ = true;
  const bool sent = co_await stream_->write(std::move(bytes));
  sending_ = false;
  if (!sent) ended_ = true;
  co_return sent;
}

Task<bool> StreamWriter::end(std::string bytes) {
  Turn turn(*this);
  co_await turn.come();
  if (ended_ || sending_) co_return false;
  ended_ = true;
  const bool sent = co_await stream_->write(std::move(bytes));
  co_return sent;
}

}  // namespace berth::http
