#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "controller/plan/environment_plan.h"

namespace berth::reconcile {

// Slows an action down that succeeds again and again and is planned again at once: an engine that calls done what is not, or a mistake
// of ours, then costs a call every few seconds and not a processor. Loop thread only.
class RepeatBrake {
 public:
  // Until when `action` waits, because the same one has succeeded several times in a row; in the past: it may begin.
  base::SteadyTime waits_until(const std::string& uid, const plan::Action& action) const;
  void succeeded(const std::string& uid, const plan::Action& action, base::SteadyTime now);
  void forget(const std::string& uid) { last_.erase(uid); }

 private:
  struct Last {
    std::string reason;
    base::SteadyTime at;
    int times = 1;
  };
  using Place = std::pair<std::string, plan::ActionKind>;  // what is done to a target; others may be done to it in between
  const Last* same(const std::string& uid, const plan::Action& action) const;

  std::map<std::string, std::map<Place, Last>> last_;  // by uid
};

}  // namespace berth::reconcile
