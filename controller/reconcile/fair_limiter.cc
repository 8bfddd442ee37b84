#include "controller/reconcile/fair_limiter.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace berth::reconcile {

struct FairLimiter::Waiter {
  Waiter(Executor executor, std::string n, base::SystemTime c) : ns(std::move(n)), created(c), signal(executor) {}
  std::string ns;
  base::SystemTime created;
  bool admitted = false;
  base::Signal signal;
};

FairLimiter::Ticket::Ticket(Ticket&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)), ns_(std::move(other.ns_)) {}

FairLimiter::Ticket& FairLimiter::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    release();
    limiter_ = std::exchange(other.limiter_, nullptr);
    ns_ = std::move(other.ns_);
  }
  return *this;
}

void FairLimiter::Ticket::release() {
  if (auto* limiter = std::exchange(limiter_, nullptr)) limiter->give_back(ns_);
}

FairLimiter::FairLimiter(Executor executor, int limit) : executor_(std::move(executor)), limit_(std::max(1, limit)) {}

Task<FairLimiter::Ticket> FairLimiter::acquire(std::string ns, base::SystemTime created) {
  auto waiter = std::make_shared<Waiter>(executor_, ns, created);
  line_.push_back(waiter);
  admit();
  // Leaves the line, or gives the place back that came too late, when the wait is cancelled.
  struct Leave {
    FairLimiter& limiter;
    std::shared_ptr<Waiter> waiter;
    bool keep = false;
    ~Leave() {
      if (keep) return;
      if (waiter->admitted) {
        limiter.give_back(waiter->ns);
      } else {
        limiter.line_.remove(waiter);
      }
    }
  } leave{*this, waiter};
  while (!waiter->admitted) co_await waiter->signal.wait();
  leave.keep = true;
  co_return Ticket(this, std::move(ns));
}

void FairLimiter::set_limit(int limit) {
  limit_ = std::max(1, limit);
  admit();
}

void FairLimiter::give_back(const std::string& ns) {
  --in_flight_;
  const auto held = held_.find(ns);
  if (held != held_.end() && --held->second == 0) held_.erase(held);
  admit();
}

void FairLimiter::admit() {
  while (in_flight_ < limit_ && !line_.empty()) {
    const auto place = next();
    const auto waiter = *place;
    line_.erase(place);
    waiter->admitted = true;
    ++in_flight_;
    ++held_[waiter->ns];
    waiter->signal.notify_all();
  }
}

FairLimiter::Line::iterator FairLimiter::next() {
  const auto rank = [this](const std::shared_ptr<Waiter>& waiter) {
    const auto held = held_.find(waiter->ns);
    return std::make_tuple(held == held_.end() ? 0 : held->second, waiter->created);
  };
  return std::min_element(line_.begin(), line_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

}  // namespace berth::reconcile
