#include "base/signal.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <list>

#include "base/clock.h"
#include "base/task_group.h"

namespace berth::base {

// Waiters are timers that never expire by themselves; cancelling one wakes its waiter from the loop.
struct Signal::State {
  explicit State(Executor e) : executor(std::move(e)) {}
  Executor executor;
  struct Waiter {
    asio::steady_timer timer;
    bool notified = false;
  };
  std::list<std::shared_ptr<Waiter>> waiters;

  void wake_all() {
    auto woken = std::move(waiters);
    waiters.clear();
    for (auto& waiter : woken) {
      waiter->notified = true;
      waiter->timer.cancel();
    }
  }
};

Signal::Signal(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
Signal::~Signal() { state_->wake_all(); }

void Signal::notify_all() { state_->wake_all(); }

Task<void> Signal::wait() {
  auto state = state_;
  auto waiter = std::make_shared<State::Waiter>(State::Waiter{asio::steady_timer(state->executor, SteadyTime::max())});
  const auto place = state->waiters.insert(state->waiters.end(), waiter);
  boost::system::error_code ec;
  co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  if (!waiter->notified) state->waiters.erase(place);
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

namespace {

Task<void> notify_at(Clock& clock, SteadyTime when, std::shared_ptr<bool> late, std::function<void()> wake) {
  co_await clock.sleep_until(when);
  *late = true;
  wake();
}

}  // namespace

Task<bool> Signal::wait_until(Clock& clock, SteadyTime when) {
  auto state = state_;
  auto waiter = std::make_shared<State::Waiter>(State::Waiter{asio::steady_timer(state->executor, SteadyTime::max())});
  const auto place = state->waiters.insert(state->waiters.end(), waiter);
  auto late = std::make_shared<bool>(false);
  TaskGroup alarm(state->executor, "signal");
  std::function<void()> wake = [waiter] { waiter->timer.cancel(); };
  alarm.spawn("alarm", notify_at(clock, when, late, std::move(wake)));
  boost::system::error_code ec;
  co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  if (!waiter->notified) state->waiters.erase(place);
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  const bool cancelled = cancellation.cancelled() != asio::cancellation_type::none;
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await asio::this_coro::reset_cancellation_state();
  co_await alarm.stop();
  co_await asio::this_coro::throw_if_cancelled(true);
  if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  co_return waiter->notified;
}

}  // namespace berth::base
