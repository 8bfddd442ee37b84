#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/task_group.h"
#include "controller/runtime/reconciler.h"
#include "controller/runtime/workqueue.h"
#include "metrics/runtime_metrics.h"

namespace berth::runtime {

// THE MAIN LOOP: get -> reconcile -> done, by `workers` coroutines. The one place where an exception of a reconcile is
// caught: it is logged with the key, counted as a panic and retried. Loop thread only.
class Controller {
 public:
  // A pass never waits for slow work, so one that takes this long is a fault. Handed to the reconciler as its deadline.
  static constexpr base::Duration kPassDeadline = std::chrono::seconds(30);

  Controller(Executor executor, base::Clock& clock, std::string name, WorkQueue& queue, Reconciler& reconciler,
             metrics::RuntimeMetrics& metrics, int workers);
  void start();
  // Shuts the queue down, cancels, joins.
  Task<void> stop();

 private:
  Task<void> worker();
  Task<void> process(ObjectKey key);
  void settle_error(const ObjectKey& key, const std::string& id, const Error& error, double took);

  base::Clock& clock_;
  std::string name_;
  WorkQueue& queue_;
  Reconciler& reconciler_;
  metrics::RuntimeMetrics& metrics_;
  int workers_;
  int active_ = 0;
  std::uint64_t passes_ = 0;
  TaskGroup tasks_;
};

}  // namespace berth::runtime
