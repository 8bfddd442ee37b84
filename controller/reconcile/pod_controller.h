#pragma once

#include <map>
#include <set>
#include <string>

#include "api/client/client.h"
#include "base/clock.h"
#include "controller/plan/pod.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/informer.h"
#include "controller/runtime/reconciler.h"
#include "controller/runtime/workqueue.h"
#include "metrics/runtime_metrics.h"

namespace berth::reconcile {

// Keeps one stored Pod per service container, as the stored TestEnvironments tell. It reads no engine: what it writes follows from
// statuses that are stored anyway. Changes that come close together are written once. Loop thread only; what the constructor is given
// outlives it.
class PodController final : public runtime::Reconciler {
 public:
  static constexpr int kWorkers = 4;
  // So long a change waits for others of its environment, so that a start is a few writes and not one for each step. One to a phase
  // that lasts does not wait: somebody waits for it who will look at the pods next.
  static constexpr base::Duration kGather = std::chrono::milliseconds(200);

  // `environments` must not have been started; this adds a handler to it.
  PodController(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& resource,
                runtime::Informer& environments, metrics::RuntimeMetrics& metrics, plan::PodHost host);

  void start();
  Task<void> stop();
  Task<Result<runtime::Outcome>> reconcile(ObjectKey key, runtime::ReconcileContext context) override;

 private:
  void environment_changed(const ObjectPtr& old, const ObjectPtr& now);
  void pod_changed(const ObjectPtr& old, const ObjectPtr& now);
  Task<void> start_loop();
  Task<Result<void>> write(ObjectPtr environment, json pod);
  Task<Result<void>> remove(ObjectPtr pod);

  base::Clock& clock_;
  api::Client& client_;
  const crd::ResourceInfo& resource_;
  runtime::Informer& environments_;
  plan::PodHost host_;
  runtime::Informer pods_;
  std::map<ObjectKey, std::set<std::string>> owned_;  // names of the pods of an environment
  runtime::WorkQueue queue_;
  runtime::Controller controller_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
