#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/goal.h"
#include "cli/progress_display.h"
#include "cli/session.h"

namespace berth::cli {

class Interrupts;

struct WaitRequest {
  const crd::ResourceInfo* resource = nullptr;
  std::string ns;
  // What is waited for, by name; with a uid, another object of that name is no longer the one that was meant.
  std::map<std::string, std::string> uids;
  Goal goal;
  base::SteadyTime until = base::SteadyTime::max();
  std::size_t signals_before = 0;   // of `interrupts`, not to be counted
  base::SteadyTime appear_until{};  // a name that is not there yet may still come until then
};

struct WaitOutcome {
  std::vector<std::string> met_names;  // in the order it happened
  std::vector<ObjectPtr> met;          // the same, without those that were never seen
  std::vector<std::string> failures;   // one message for each name that will not get there or did not in time
  bool timed_out = false;
  bool interrupted = false;
  bool ok() const { return failures.empty() && !timed_out && !interrupted; }
};

// Waits until every name met the goal, can no longer meet it, or the time is over; driven by a watch. `display` shows
// the environments; `interrupts` (may be null) ends the wait at the first signal. Errors: the server cannot be reached
// or refuses.
Task<Result<WaitOutcome>> wait_for(Session& session, WaitRequest request, ProgressDisplay& display,
                                   Interrupts* interrupts);

}  // namespace berth::cli
