#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"

namespace berth::fakes {

// A clock that stands still until the test moves it. system_now() starts at 2026-01-01T00:00:00Z; both clocks move together.
// Sleepers resume from the loop (poll it: tests/fakes/run_task.h), not inside advance().
class FakeClock final : public base::Clock {
 public:
  FakeClock();
  ~FakeClock() override;
  FakeClock(const FakeClock&) = delete;
  FakeClock& operator=(const FakeClock&) = delete;

  base::SystemTime system_now() const override;
  base::SteadyTime steady_now() const override;
  base::Task<void> sleep_until(base::SteadyTime when) override;

  // Moves both clocks, then wakes everybody who is due, ordered by (time, order of going to sleep).
  void advance(base::Duration duration);
  // Moves to the earliest sleeper's time and wakes those due then; false (and no move) when nobody sleeps.
  bool advance_to_next();
  // Moves the wall clock alone, as an administrator or NTP does.
  void step_system(base::Duration duration);

  // When the earliest sleeper is due; nullopt when nobody sleeps.
  std::optional<base::SteadyTime> next() const;
  std::size_t sleepers() const;

 private:
  struct State;
  void wake_due();

  std::atomic<std::int64_t> elapsed_{0};
  std::atomic<std::int64_t> system_offset_{0};
  std::shared_ptr<State> state_;
};

}  // namespace berth::fakes
