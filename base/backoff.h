#pragma once

#include "base/time.h"

namespace berth::base {

// Exponential back-off, pure: the delay before attempt n (0 = the first retry) is initial * factor^n, at most max.
struct Backoff {
  Duration initial = std::chrono::milliseconds(5);
  Duration max = std::chrono::seconds(60);
  double factor = 2.0;

  Duration delay(int attempt) const;
  // delay(attempt) scaled by 1 +/- spread; `random01` in [0, 1) comes from the caller, so that tests choose it.
  Duration jittered(int attempt, double random01, double spread = 0.1) const;
};

}  // namespace berth::base
