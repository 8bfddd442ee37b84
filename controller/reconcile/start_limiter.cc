#include "controller/reconcile/start_limiter.h"

#include <algorithm>

namespace berth::reconcile {

namespace {

constexpr int kPerCpuAtStart = 2;
constexpr int kPerCpuAtMost = 8;
constexpr int kQuietWindows = 4;
constexpr double kGain = 1.05;
constexpr double kLoss = 0.80;

}  // namespace

StartLimiter::StartLimiter(Executor executor, base::Clock& clock, int cpus)
    : clock_(clock), cpus_(std::max(1, cpus)), line_(std::move(executor), kPerCpuAtStart * std::max(1, cpus)) {}

void StartLimiter::set_cpus(int cpus) {
  if (cpus < 1 || cpus == cpus_) return;
  cpus_ = cpus;
  settled_rate_ = 0;
  trial_ = false;
  line_.set_limit(kPerCpuAtStart * cpus);
}

Task<FairLimiter::Ticket> StartLimiter::acquire(std::string ns, base::SystemTime created) {
  return line_.acquire(std::move(ns), created);
}

void StartLimiter::finished() {
  const auto now = clock_.steady_now();
  if (line_.waiting() == 0) {  // not the limit but the demand decides: nothing to learn
    ended_ = 0;
    window_start_ = now;
    return;
  }
  if (ended_++ == 0) window_start_ = now;
  const int window = std::max(8, 2 * limit());
  if (ended_ <= window) return;
  const double elapsed = std::chrono::duration<double>(now - window_start_).count();
  if (elapsed > 0) judge((ended_ - 1) / elapsed);
  ended_ = 0;
}

void StartLimiter::judge(double rate) {
  const int lowest = cpus_;
  const int highest = kPerCpuAtMost * cpus_;
  if (trial_) {
    trial_ = false;
    if (rate > settled_rate_ * kGain) {
      settled_rate_ = rate;
      quiet_windows_ = 0;
    } else {
      line_.set_limit(std::max(lowest, limit() - 1));
      quiet_windows_ = kQuietWindows;
    }
    return;
  }
  if (settled_rate_ > 0 && rate < settled_rate_ * kLoss) {
    line_.set_limit(std::max(lowest, limit() - std::max(1, limit() / 4)));
    quiet_windows_ = kQuietWindows;
  } else if (--quiet_windows_ < 0 && limit() < highest) {
    trial_ = true;
    line_.set_limit(limit() + 1);
  }
  settled_rate_ = rate;
}

}  // namespace berth::reconcile
