#pragma once

#include <string>

#include "base/clock.h"
#include "controller/reconcile/fair_limiter.h"
#include "controller/reconcile/latency_limit.h"

namespace berth::reconcile {

// A line in which as many have a place as the measured latency of their calls allows. Loop thread only.
class PacedLine {
 public:
  PacedLine(Executor executor, base::Clock& clock, LatencyLimit limit) : clock_(clock), pace_(limit), line_(std::move(executor), limit.limit()) {}

  Task<FairLimiter::Ticket> acquire(std::string ns, base::SystemTime created) { return line_.acquire(std::move(ns), created); }
  // A call that was begun then has succeeded. Called before its ticket goes back.
  void succeeded(const std::string& operation, base::SteadyTime begun) {
    const int limit = pace_.ended(operation, clock_.steady_now() - begun, line_.waiting() > 0);
    if (limit != line_.limit()) line_.set_limit(limit);
  }
  FairLimiter& line() { return line_; }

 private:
  base::Clock& clock_;
  LatencyLimit pace_;
  FairLimiter line_;
};

}  // namespace berth::reconcile
