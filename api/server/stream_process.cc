#include "api/server/stream_process.h"

#include <boost/asio/this_coro.hpp>

#include "api/server/stream_status.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::api {

namespace {

constexpr base::Duration kSizeTime = std::chrono::milliseconds(100);

// One exec or attach: the client's channels, and the process once it is there.
class RemoteSession {
 public:
  RemoteSession(Executor executor, base::Clock& clock, Channels& channels) : clock_(clock), channels_(channels), changed_(std::move(executor)) {}

  // From the client to the process, until the client is gone.
  Task<void> feed() {
    while (auto input = co_await channels_.next()) {
      if (!process_ && input->kind == ChannelInput::Kind::Resize) {
        size_ = input->size;
        changed_.notify_all();
        continue;
      }
      while (!process_) co_await changed_.wait();
      co_await deliver(std::move(*input));
    }
    gone_ = true;
    if (process_) process_->close();
    changed_.notify_all();
  }

  Task<void> run(RemoteStreams streams, OpenProcess open) {
    const auto until = clock_.steady_now() + kSizeTime;
    while (streams.tty && !size_ && !gone_ && clock_.steady_now() < until) co_await changed_.wait_until(clock_, until);
    if (gone_) co_return;
    streams.size = size_;
    auto opened = co_await open(streams);
    if (opened.has_error()) {
      auto status = exec_failure(opened.error().message);
      co_await channels_.finish(std::move(status));
      co_return;
    }
    process_ = std::move(*opened);
    if (gone_) process_->close();
    if (size_) co_await process_->resize(*size_);
    changed_.notify_all();
    co_await drain();
  }

  void let_go() {
    if (process_) process_->close();
  }

 private:
  Task<void> deliver(ChannelInput input) {
    if (input.kind == ChannelInput::Kind::Resize) {
      co_await process_->resize(input.size);
    } else if (input.kind == ChannelInput::Kind::EndOfStdin) {
      if (std::exchange(reads_, false)) co_await process_->end_input();
    } else if (reads_) {
      reads_ = co_await process_->write(std::move(input.bytes));
    }
  }

  // From the process to the client, until one of them has ended.
  Task<void> drain() {
    json status;
    while (true) {
      auto output = co_await process_->next();
      if (output.has_error()) {
        status = exec_failure(output.error().message);
        break;
      }
      if (!*output) {
        const auto code = co_await process_->exit_code();
        status = code ? exec_exit(*code) : exec_failure(code.error().message);
        break;
      }
      const bool there = co_await channels_.write((*output)->stream, std::move((*output)->bytes));
      if (!there) co_return;
    }
    co_await channels_.finish(std::move(status));
  }

  base::Clock& clock_;
  Channels& channels_;
  std::shared_ptr<RemoteProcess> process_;  // null until it is open
  std::optional<TerminalSize> size_;        // said before that
  bool reads_ = true;                       // the process takes input
  bool gone_ = false;                       // the client has left
  base::Signal changed_;
};

}  // namespace

Task<void> run_remote_process(base::Clock& clock, std::unique_ptr<Channels> channels, RemoteStreams streams, OpenProcess open) {
  const bool opened = co_await channels->open();
  if (!opened) co_return;
  const auto executor = co_await asio::this_coro::executor;
  RemoteSession session(executor, clock, *channels);
  TaskGroup group(executor, "exec");
  group.spawn("input", session.feed());
  std::exception_ptr failure;
  try {
    co_await session.run(streams, std::move(open));
  } catch (...) {
    failure = std::current_exception();
  }
  session.let_go();
  co_await asio::this_coro::reset_cancellation_state();
  co_await group.stop();
  if (!failure) co_return;
  // The server stops. A client that hears nothing more takes it for a success.
  json status = exec_failure("the server is being stopped; the command may still run");
  co_await channels->finish(std::move(status));
  std::rethrow_exception(failure);
}

}  // namespace berth::api
