#pragma once

#include "base/clock.h"
#include "controller/reconcile/fair_limiter.h"

namespace berth::reconcile {

// How many container starts are in flight: as many as the engine bears. Begins at two per CPU and tries one more from time to time
// while starts are waiting; keeps what made more starts per second, takes a quarter off when there were clearly fewer. Never below one
// or above eight per CPU. Loop thread only.
class StartLimiter {
 public:
  StartLimiter(Executor executor, base::Clock& clock, int cpus);

  void set_cpus(int cpus);  // known once the engine answered
  Task<FairLimiter::Ticket> acquire(std::string ns, base::SystemTime created);
  // One start ended. Called before its ticket goes back.
  void finished();
  int limit() const { return line_.limit(); }
  FairLimiter& line() { return line_; }

 private:
  void judge(double rate);

  base::Clock& clock_;
  int cpus_;
  FairLimiter line_;
  int ended_ = 0;  // in this window
  base::SteadyTime window_start_{};
  double settled_rate_ = 0;  // of the last window before the trial, or of the present limit
  bool trial_ = false;       // this window runs with one more than before
  int quiet_windows_ = 0;    // until the next trial
};

}  // namespace berth::reconcile
