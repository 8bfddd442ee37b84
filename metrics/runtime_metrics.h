#pragma once

#include <memory>
#include <string>

#include "metrics/registry.h"

namespace berth::metrics {

// The upstream controller-runtime series of one controller: controller_runtime_reconcile_total{controller,result}
// (success, error, requeue_after), _reconcile_errors_total, _terminal_reconcile_errors_total, _reconcile_panics_total,
// _reconcile_time_seconds, _max_concurrent_reconciles, _active_workers; workqueue_depth, _adds_total,
// _queue_duration_seconds, _work_duration_seconds, _unfinished_work_seconds, _longest_running_processor_seconds,
// _retries_total (label name = controller).
class RuntimeMetrics {
 public:
  RuntimeMetrics(Registry& registry, std::string controller, int max_concurrent);
  ~RuntimeMetrics();
  enum class Outcome { Success, Error, RequeueAfter, Terminal, Panic };
  void reconciled(Outcome outcome, double seconds);
  void active_workers(int n);
  void queue_add();
  void queue_depth(std::size_t n);
  void queue_wait(double seconds);
  void queue_work(double seconds);
  void queue_retry();
  void queue_unfinished(double sum_seconds, double longest_seconds);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::metrics
