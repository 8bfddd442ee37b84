#pragma once

#include <map>
#include <string>

#include "base/time.h"

namespace berth::reconcile {

// How many calls of one sort an engine is given at once, from how long they take. Additive increase, multiplicative decrease, by
// windows of as many calls as are let through at once, eight at least: a quarter less when their mean is more than thrice what is
// normal, one more when it is less than twice that and calls wait. What is normal is learned per operation: the mean of the best
// window. At the minimum it rises by a tenth each window that is worse: an engine that has become slower for good is not held there. No
// clock, no I/O.
class LatencyLimit {
 public:
  // REQUIRES: 1 <= min <= start <= max.
  LatencyLimit(int min, int start, int max);

  // A call ended; `waiting`: others wait for a place. Returns the limit from now on.
  int ended(const std::string& operation, base::Duration took, bool waiting);
  int limit() const { return limit_; }

 private:
  struct Normal {
    double best = 0;  // seconds; 0: not known
    double sum = 0;   // of this window
    int calls = 0;
  };
  double strain();  // closes the window: how much longer its calls took than is normal

  int min_;
  int max_;
  int limit_;
  int calls_ = 0;       // of this window
  bool waited_ = true;  // at each of them others waited
  std::map<std::string, Normal> operations_;
};

}  // namespace berth::reconcile
