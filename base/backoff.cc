#include "base/backoff.h"

#include <algorithm>
#include <cmath>

namespace berth::base {

Duration Backoff::delay(int attempt) const {
  const double scaled = static_cast<double>(initial.count()) * std::pow(factor, std::max(0, attempt));
  if (!(scaled < static_cast<double>(max.count()))) return max;
  return Duration(static_cast<Duration::rep>(scaled));
}

Duration Backoff::jittered(int attempt, double random01, double spread) const {
  const double scale = 1.0 + spread * (2.0 * random01 - 1.0);
  return Duration(static_cast<Duration::rep>(static_cast<double>(delay(attempt).count()) * scale));
}

}  // namespace berth::base
