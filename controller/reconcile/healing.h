#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controller/reconcile/mirror.h"
#include "metrics/environment_metrics.h"

namespace berth::reconcile {

// How long it takes until what drifted is right again. Loop thread only.
class Healing {
 public:
  Healing(base::Clock& clock, metrics::EnvironmentMetrics& metrics) : clock_(clock), metrics_(metrics) {}

  void drifted(const std::string& uid, const std::string& service);
  // After a pass that found nothing left to do: what is ready in `status` has healed. Returns the services ("" = the network).
  std::vector<std::string> settled(const std::string& uid, const json& status);
  void forget(const std::string& uid) { since_.erase(uid); }

 private:
  base::Clock& clock_;
  metrics::EnvironmentMetrics& metrics_;
  std::map<std::string, std::map<std::string, base::SteadyTime>> since_;  // by uid, then service
};

}  // namespace berth::reconcile
