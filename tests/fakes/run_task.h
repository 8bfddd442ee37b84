#pragma once

#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/task_group.h"
#include "tests/fakes/fake_clock.h"

namespace berth::fakes {

// Runs handlers until none is ready. Does not wait: not for time, not for other threads.
void settle(asio::io_context& io);

// Moves `clock` by `duration` from one sleeper's time to the next and settles at each, so that a task which sleeps again and again
// sees every one of its times. advance() + settle() jumps there in one step.
void run_for(asio::io_context& io, FakeClock& clock, base::Duration duration);

namespace detail {

template <class T>
struct Outcome {
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  std::exception_ptr exception;
  bool done() const { return value.has_value() || exception; }
};

template <class T>
base::Task<void> keep_outcome(base::Task<T> task, std::shared_ptr<Outcome<T>> outcome) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      outcome->value.emplace(true);
    } else {
      outcome->value.emplace(co_await std::move(task));
    }
  } catch (...) {
    outcome->exception = std::current_exception();
  }
}

// One step of run_task: true while it makes sense to go on. Gives other threads up to 20 s of real time.
bool step(asio::io_context& io, FakeClock* clock);

template <class T>
T run(asio::io_context& io, FakeClock* clock, base::Task<T> task) {
  auto outcome = std::make_shared<Outcome<T>>();
  base::TaskGroup group(io.get_executor(), "run_task");
  group.spawn("task", keep_outcome<T>(std::move(task), outcome));
  bool alive = true;
  while (!outcome->done() && alive) alive = step(io, clock);
  const bool ended = outcome->done();
  if (!ended) group.cancel();
  settle(io);
  if (!ended) throw std::runtime_error("run_task: nothing is left that could end the task");
  if (outcome->exception) std::rethrow_exception(outcome->exception);
  if constexpr (!std::is_void_v<T>) return std::move(*outcome->value);
}

}  // namespace detail

// Runs `task` on `io` until it ends and returns its value or throws its exception; waits for other threads that post to `io`.
// Throws when the task hangs.
template <class T>
T run_task(asio::io_context& io, base::Task<T> task) {
  return detail::run<T>(io, nullptr, std::move(task));
}

// The same, and whenever nothing is ready the clock jumps to the earliest sleeper.
template <class T>
T run_task(asio::io_context& io, FakeClock& clock, base::Task<T> task) {
  return detail::run<T>(io, &clock, std::move(task));
}

}  // namespace berth::fakes
