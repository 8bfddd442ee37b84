#include "api/server/port_relay.h"

#include <boost/asio/this_coro.hpp>

namespace berth::api {

PortRelay::PortRelay(Executor executor) : executor_(executor), changed_(executor) {}

Task<Result<void>> PortRelay::run(DialPort dial, Send send) {
  auto dialled = co_await dial();
  if (dialled.has_error()) {
    close();
    co_return dialled.error();
  }
  port_ = std::move(*dialled);
  if (closed_) port_->close();
  TaskGroup group(executor_, "port");
  group.spawn("feed", feed());
  std::exception_ptr failure;
  try {
    co_await pass_on(send);
  } catch (...) {
    failure = std::current_exception();
  }
  close();
  co_await asio::this_coro::reset_cancellation_state();
  co_await group.stop();
  if (failure) std::rethrow_exception(failure);
  co_return Result<void>();
}

Task<void> PortRelay::pass_on(const Send& send) {
  while (true) {
    auto bytes = co_await port_->read();
    if (bytes.has_error() || bytes->empty()) co_return;
    const bool there = co_await send(std::move(*bytes));
    if (!there) co_return;
  }
}

Task<void> PortRelay::feed() {
  while (!closed_) {
    if (!queue_.empty()) {
      auto bytes = std::exchange(queue_, std::string());
      changed_.notify_all();
      const bool written = co_await port_->write(std::move(bytes));
      if (!written) co_return close();
    } else if (input_ended_) {
      co_await port_->shutdown_send();
      co_return;
    } else {
      co_await changed_.wait();
    }
  }
}

Task<void> PortRelay::push(std::string bytes) {
  while (!closed_ && queue_.size() > kMostQueued) co_await changed_.wait();
  if (closed_ || input_ended_) co_return;
  queue_ += bytes;
  changed_.notify_all();
}

void PortRelay::end_input() {
  input_ended_ = true;
  changed_.notify_all();
}

void PortRelay::close() {
  closed_ = true;
  queue_.clear();
  if (port_) port_->close();
  changed_.notify_all();
}

}  // namespace berth::api
