#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "base/task.h"

namespace boost::asio {
class io_context;
}

namespace berth::base {

// The owner of background work, and the only place that calls co_spawn. A class that starts work keeps a
// TaskGroup as its last member and awaits stop() before it is destroyed.
//
// Used from the loop thread only. A task that ends by an exception is logged with its name and counted
// (failures()); cancellation is quiet.
class TaskGroup {
 public:
  TaskGroup(Executor executor, std::string name);
  ~TaskGroup();  // asserts that it is empty: stop() or join() ran
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `work` from the loop (never inside this call). After stop() began, `work` is dropped unstarted.
  // `work` must own what it uses: its parameters are values (no references to the caller's locals).
  void spawn(std::string name, Task<void> work);
  // Asks every running task to end: its pending co_await throws operation_aborted.
  void cancel();
  // Ends when no task is left. Does not cancel. Must not be awaited by a member of this group.
  Task<void> join();
  // Refuses new work, cancels, joins.
  Task<void> stop();

  std::size_t size() const;
  std::uint64_t failures() const;
  const Executor& executor() const { return executor_; }

 private:
  struct State;
  Executor executor_;
  std::shared_ptr<State> state_;
};

// True for the exception that a cancelled co_await throws.
bool is_cancellation(std::exception_ptr exception);

// Runs `work` on `io` in the calling thread until it ends, and returns its value. An exception out of it is logged
// and becomes 1. For main() and tests.
int run_main(asio::io_context& io, Task<int> work);

}  // namespace berth::base

namespace berth {
using base::TaskGroup;
}
