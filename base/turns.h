#pragma once

#include <cstddef>
#include <memory>

#include "base/task.h"

namespace berth::base {

// Lets work that can wait give way to whoever asks right now: each time the loop comes round, `at_once` pieces of it. take() ends for
// the waiters in the order in which they came, and between them everything runs that the loop has ready by then: requests,
// answers, timers. A loop with nothing else to do grants turns as fast as they are asked for. Loop thread only.
class Turns {
 public:
  explicit Turns(std::size_t at_once = 1);
  ~Turns();  // grants every turn that is waited for
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // Ends when it is the caller's turn; never inside this call. Cancelled: throws operation_aborted.
  Task<void> take();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace berth::base
