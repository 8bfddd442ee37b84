#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"

namespace berth::engine {

// One pull per image reference, any number of waiters. A waiter that is cancelled leaves the pull to the
// others. Loop thread only.
class PullGroup {
 public:
  PullGroup(Executor executor, base::Clock& clock, Engine& engine);
  // Ends when the image was pulled (everybody who asked while it ran shares its outcome).
  Task<Result<void>> pull(std::string reference);
  // Waiters that are left get Cancelled.
  Task<void> stop();

 private:
  struct Flight;
  Task<void> fly(std::string reference, std::shared_ptr<Flight> flight);

  base::Clock& clock_;
  Engine& engine_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
  bool stopped_ = false;
  TaskGroup tasks_;
};

}  // namespace berth::engine
