#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "controller/runtime/informer.h"
#include "metrics/environment_metrics.h"

namespace berth::reconcile {

// Turns changes of stored environments into metrics: how many are in which phase, how long they took to be scheduled, to become
// ready, to be cleaned up. Loop thread only.
class EnvironmentObserver {
 public:
  // Adds a handler to `environments`, which must not have been started.
  EnvironmentObserver(base::Clock& clock, runtime::Informer& environments, metrics::EnvironmentMetrics& metrics);

  // Brings the series that depend on the time up to date; called before metrics are read.
  void report_times();

 private:
  struct Life {
    base::SteadyTime seen{};  // when it appeared; timestamps in objects have whole seconds only
    base::SteadyTime deleting{};
  };
  void changed(const ObjectPtr& old, const ObjectPtr& now, bool initial);
  using Count = std::pair<std::string, std::string>;  // namespace, phase
  void count(const Count& of, int by);
  void note_progress(const Life& life, const ObjectPtr& old, const ObjectPtr& now);
  double since(base::SteadyTime start) const;

  base::Clock& clock_;
  metrics::EnvironmentMetrics& metrics_;
  std::map<Count, int> phases_;
  int running_ = 0;  // Ready or Degraded
  std::map<std::string, Life> lives_;                          // by uid
  std::map<std::string, base::SystemTime> terminating_;        // by uid: deletionTimestamp
};

}  // namespace berth::reconcile
