#pragma once

#include "base/task.h"
#include "base/time.h"

namespace berth::base {

// The only way to read a clock or to sleep. SystemClock in production, FakeClock (tests/fakes) in unit tests.
// Called from the loop thread only, except the two now() functions, which any thread may call.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SystemTime system_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  // Ends at `when`, at once if that is past. Cancelled: throws system_error(operation_aborted).
  virtual Task<void> sleep_until(SteadyTime when) = 0;
  Task<void> sleep_for(Duration duration) { return sleep_until(steady_now() + duration); }
};

class SystemClock final : public Clock {
 public:
  SystemTime system_now() const override;
  SteadyTime steady_now() const override;
  Task<void> sleep_until(SteadyTime when) override;
};

}  // namespace berth::base
