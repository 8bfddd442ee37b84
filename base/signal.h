#pragma once

#include <memory>

#include "base/task.h"
#include "base/time.h"

namespace berth::base {

class Clock;

// A condition variable for coroutines of one loop thread. There is no stored state: a waiter looks at its own
// condition, waits, and looks again. notify_all() wakes those that wait now; each resumes from the loop, not
// inside the call.
class Signal {
 public:
  explicit Signal(Executor executor);
  ~Signal();  // wakes everybody
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void notify_all();
  // Returns when notified. Cancelled: throws operation_aborted.
  Task<void> wait();
  // Returns true when notified, false when `when` came first.
  Task<bool> wait_until(Clock& clock, SteadyTime when);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace berth::base
