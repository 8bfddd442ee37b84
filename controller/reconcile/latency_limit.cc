#include "controller/reconcile/latency_limit.h"

#include <algorithm>
#include <chrono>

namespace berth::reconcile {

namespace {

constexpr int kLeastWindow = 8;
constexpr double kEasy = 2.0;
constexpr double kStrained = 3.0;
constexpr double kDrift = 1.1;

}  // namespace

LatencyLimit::LatencyLimit(int min, int start, int max) : min_(min), max_(max), limit_(start) {}

int LatencyLimit::ended(const std::string& operation, base::Duration took, bool waiting) {
  auto& of_kind = operations_[operation];
  of_kind.sum += std::chrono::duration<double>(took).count();
  ++of_kind.calls;
  waited_ = waited_ && waiting;
  if (++calls_ < std::max(kLeastWindow, limit_)) return limit_;
  const double strained = strain();
  if (strained > kStrained) {
    limit_ = std::max(min_, limit_ - std::max(1, limit_ / 4));
  } else if (strained < kEasy && waited_) {
    limit_ = std::min(max_, limit_ + 1);
  }
  calls_ = 0;
  waited_ = true;
  return limit_;
}

double LatencyLimit::strain() {
  double taken = 0;
  double normal = 0;
  for (auto& [name, of_kind] : operations_) {
    if (of_kind.calls == 0) continue;
    const double mean = of_kind.sum / of_kind.calls;
    // With the fewest calls at once it is not these that make them slow: what is normal has changed.
    const double known = limit_ == min_ ? of_kind.best * kDrift : of_kind.best;
    of_kind.best = of_kind.best == 0 ? mean : std::min(mean, known);
    taken += of_kind.sum;
    normal += of_kind.best * of_kind.calls;
    of_kind.sum = 0;
    of_kind.calls = 0;
  }
  return normal > 0 ? taken / normal : 1;
}

}  // namespace berth::reconcile
