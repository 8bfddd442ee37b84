#pragma once

#include <algorithm>

#include "base/time.h"

namespace berth::base {

// The instant by which a request must have ended. Handed down by value; a child's is never later than its parent's.
struct Deadline {
  SteadyTime at = SteadyTime::max();

  static Deadline never() { return {}; }
  static Deadline after(SteadyTime now, Duration duration) { return {now + duration}; }
  Deadline capped(SteadyTime now, Duration duration) const { return {std::min(at, now + duration)}; }
  bool expired(SteadyTime now) const { return now >= at; }
  bool is_never() const { return at == SteadyTime::max(); }
};

}  // namespace berth::base
