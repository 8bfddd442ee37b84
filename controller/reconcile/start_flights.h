#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"

namespace berth::reconcile {

// Container starts. Newer engines take a start back when its client hangs up, so one that is under way is never cut; but whoever
// asked for it need not wait for a sick one for ever. One start per container, however often it is asked for. Loop thread only.
class StartFlights {
 public:
  StartFlights(Executor executor, base::Clock& clock, engine::Engine& engine);

  // Starts the container, or joins its start that is under way. The outcome, or nullopt when `patience` is over: the start goes on,
  // and the next call finds it.
  Task<std::optional<Result<void>>> start(std::string id, base::Duration patience);
  bool under_way(const std::string& id) const { return flights_.contains(id); }
  // Cuts what is still under way.
  Task<void> stop();

 private:
  struct Flight;
  Task<void> fly(std::string id, std::shared_ptr<Flight> flight);

  base::Clock& clock_;
  engine::Engine& engine_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;  // by container id
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
