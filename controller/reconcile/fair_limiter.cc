#include "controller/reconcile/fair_limiter.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace berth::reconcile {

struct FairLimiter::Waiter {
  explicit Waiter(Executor executor) : signal(std::move(executor)) {}
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

template <class Change>
void FairLimiter::with(const std::string& ns, Change change) {
  const auto at = spaces_.try_emplace(ns).first;
  auto& space = at->second;
  if (!space.line.empty()) turns_.erase({space.held, space.line.begin()->first, ns});
  change(space);
  if (!space.line.empty()) {
    turns_.insert({space.held, space.line.begin()->first, ns});
  } else if (space.held == 0) {
    spaces_.erase(at);
  }
}

Task<FairLimiter::Ticket> FairLimiter::acquire(std::string ns, base::SystemTime created) {
  const auto waiter = std::make_shared<Waiter>(executor_);
  const Place place{created, arrivals_++};
  with(ns, [&](Space& space) { space.line.emplace(place, waiter); });
  ++waiting_;
  admit();
  // Leaves the line, or gives the place back that came too late, when the wait is cancelled.
  struct Leave {
    FairLimiter& limiter;
    const std::string& ns;
    const Place& place;
    const Waiter& waiter;
    bool keep = false;
    ~Leave() {
      if (keep) return;
      if (waiter.admitted) {
        limiter.give_back(ns);
      } else {
        limiter.leave(ns, place);
      }
    }
  } leave{*this, ns, place, *waiter};
  while (!waiter->admitted) {
    if (closed_) throw boost::system::system_error(boost::asio::error::operation_aborted);
    co_await waiter->signal.wait();
  }
  leave.keep = true;
  co_return Ticket(this, ns);
}

void FairLimiter::close() {
  closed_ = true;
  for (const auto& [ns, space] : spaces_) {
    for (const auto& [place, waiter] : space.line) waiter->signal.notify_all();
  }
}

void FairLimiter::set_limit(int limit) {
  limit_ = std::max(1, limit);
  admit();
}

void FairLimiter::leave(const std::string& ns, const Place& place) {
  with(ns, [&](Space& space) { space.line.erase(place); });
  --waiting_;
}

void FairLimiter::give_back(const std::string& ns) {
  --in_flight_;
  with(ns, [](Space& space) { --space.held; });
  admit();
}

void FairLimiter::admit() {
  while (!closed_ && in_flight_ < limit_ && !turns_.empty()) {
    const auto ns = std::get<std::string>(*turns_.begin());
    with(ns, [](Space& space) {
      const auto first = space.line.begin();
      first->second->admitted = true;
      first->second->signal.notify_all();
      space.line.erase(first);
      ++space.held;
    });
    --waiting_;
    ++in_flight_;
  }
}

}  // namespace berth::reconcile
