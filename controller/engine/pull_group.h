#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"

namespace berth::engine {

// One pull per image and platform, however its reference is written, and any number of waiters. A waiter that is cancelled
// or does not want the image any more leaves the pull to the others; a pull that nobody waits for is
// cancelled. Loop thread only.
class PullGroup {
 public:
  using Wanted = std::function<bool()>;

  PullGroup(Executor executor, base::Clock& clock, Engine& engine);
  // Ends when the image was pulled (everybody who asked while it ran shares its outcome), or when `wanted`
  // says no: Cancelled. It is asked at first and at every look_again(); it must not change the group.
  Task<Result<void>> pull(std::string reference, std::string platform, Wanted wanted);
  // Something changed that a `wanted` may look at.
  void look_again();
  std::size_t in_flight() const { return flights_.size(); }
  // Waiters that are left get Cancelled.
  Task<void> stop();

 private:
  struct Flight;
  class Seat;
  Task<void> fly(std::string key, std::string reference, std::string platform, std::shared_ptr<Flight> flight);
  std::shared_ptr<Flight> board(const std::string& key, const std::string& reference, const std::string& platform);
  void land(const std::string& key, const std::shared_ptr<Flight>& flight, Result<void> outcome);

  base::Clock& clock_;
  Engine& engine_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;  // by normalized reference and platform
  std::list<std::shared_ptr<Flight>> landed_;               // until their tasks have ended
  bool stopped_ = false;
  Executor executor_;
};

}  // namespace berth::engine
