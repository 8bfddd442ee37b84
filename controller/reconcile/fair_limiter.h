#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

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

  // Cancelled or closed: throws operation_aborted and leaves the line.
  Task<Ticket> acquire(std::string ns, base::SystemTime created);
  // Nobody gets a place any more: who waits, or comes later, is cancelled. Who has one keeps it.
  void close();
  void set_limit(int limit);
  int limit() const { return limit_; }
  int in_flight() const { return in_flight_; }
  std::size_t waiting() const { return waiting_; }

 private:
  struct Waiter;
  using Place = std::pair<base::SystemTime, std::uint64_t>;  // created, arrival
  struct Space {
    int held = 0;
    std::map<Place, std::shared_ptr<Waiter>> line;
  };
  // Changes the namespace, and its turn with it; one that holds nothing and waits for nothing is forgotten.
  template <class Change>
  void with(const std::string& ns, Change change);
  void leave(const std::string& ns, const Place& place);
  void give_back(const std::string& ns);
  void admit();

  Executor executor_;
  int limit_;
  int in_flight_ = 0;
  bool closed_ = false;
  std::size_t waiting_ = 0;
  std::uint64_t arrivals_ = 0;
  std::map<std::string, Space> spaces_;
  std::set<std::tuple<int, Place, std::string>> turns_;  // of namespaces in which somebody waits: held, the first in line
};

}  // namespace berth::reconcile
