#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/signal.h"
#include "base/task.h"
#include "base/time.h"

namespace berth::reconcile {

// At most `limit` holders at once. A free place goes to the namespace that holds the fewest; within it, and between equals, to
// the environment that was created first. Loop thread only.
class FairLimiter {
 public:
  FairLimiter(Executor executor, int limit);
  FairLimiter(const FairLimiter&) = delete;
  FairLimiter& operator=(const FairLimiter&) = delete;

  // One place; given back when it is destroyed. Must not outlive the limiter.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(FairLimiter* limiter, std::string ns) : limiter_(limiter), ns_(std::move(ns)) {}
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { release(); }
    void release();

   private:
    FairLimiter* limiter_ = nullptr;
    std::string ns_;
  };

  // Cancelled: throws operation_aborted and leaves the line.
  Task<Ticket> acquire(std::string ns, base::SystemTime created);
  void set_limit(int limit);
  int limit() const { return limit_; }
  int in_flight() const { return in_flight_; }
  std::size_t waiting() const { return line_.size(); }

 private:
  struct Waiter;
  using Line = std::list<std::shared_ptr<Waiter>>;
  void give_back(const std::string& ns);
  void admit();
  Line::iterator next();

  Executor executor_;
  int limit_;
  int in_flight_ = 0;
  std::map<std::string, int> held_;  // by namespace
  Line line_;                        // in order of arrival
};

}  // namespace berth::reconcile
