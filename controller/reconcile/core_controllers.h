#pragma once

#include "api/registry.h"
#include "controller/reconcile/event_ttl.h"
#include "controller/reconcile/garbage_collector.h"
#include "controller/reconcile/namespace_controller.h"
#include "controller/reconcile/object_feed.h"
#include "controller/reconcile/quota_controller.h"
#include "metrics/runtime_metrics.h"

namespace berth::reconcile {

// What Kubernetes' own controllers do for every kind: garbage collection, namespaces, quotas, the end of events. What the constructor
// is given outlives it. Loop thread only.
class CoreControllers {
 public:
  CoreControllers(Executor executor, base::Clock& clock, api::Registry& registry, metrics::Registry& metrics);
  void start();
  Task<void> stop();
  // Brings the series that depend on the time up to date; called before metrics are read.
  void report_times();

 private:
  metrics::RuntimeMetrics collector_metrics_;
  metrics::RuntimeMetrics namespace_metrics_;
  metrics::RuntimeMetrics quota_metrics_;
  ObjectFeed feed_;
  GarbageCollector collector_;
  NamespaceController namespaces_;
  QuotaController quotas_;
  EventTtl events_;
};

}  // namespace berth::reconcile
