#include "controller/reconcile/core_controllers.h"

namespace berth::reconcile {

CoreControllers::CoreControllers(Executor executor, base::Clock& clock, api::Registry& registry, metrics::Registry& metrics)
    : collector_metrics_(metrics, GarbageCollector::kName, GarbageCollector::kWorkers),
      namespace_metrics_(metrics, NamespaceController::kName, NamespaceController::kWorkers),
      quota_metrics_(metrics, QuotaController::kName, QuotaController::kWorkers),
      feed_(executor, clock, registry),
      collector_(executor, clock, registry, feed_, collector_metrics_),
      namespaces_(executor, clock, registry, feed_, namespace_metrics_),
      quotas_(executor, clock, registry, feed_, quota_metrics_),
      events_(executor, clock, registry, feed_) {}

// The feed tells all that is there before anybody decides.
void CoreControllers::start() {
  feed_.start();
  collector_.start();
  namespaces_.start();
  quotas_.start();
  events_.start();
}

Task<void> CoreControllers::stop() {
  co_await feed_.stop();
  co_await events_.stop();
  co_await quotas_.stop();
  co_await namespaces_.stop();
  co_await collector_.stop();
}

void CoreControllers::report_times() {
  collector_.report_unfinished();
  namespaces_.report_unfinished();
  quotas_.report_unfinished();
}

}  // namespace berth::reconcile
