#include "metrics/runtime_metrics.h"

#include "metrics/build.h"

namespace berth::metrics {

namespace {

// Both as upstream, so that existing boards fit.
const Buckets kReconcileSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,  0.35,
                                   0.4,   0.45, 0.5,   0.6,  0.7, 0.8,  0.9, 1,    1.25, 1.5,
                                   1.75,  2,    2.5,   3,    3.5, 4,    4.5, 5,    6,    7,
                                   8,     9,    10,    15,   20,  25,   30,  40,   50,   60};
const Buckets kQueueSeconds = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000};

}  // namespace

struct RuntimeMetrics::Impl {
  Impl(Registry& r, std::string c) : registry(r), controller(std::move(c)) {
    start_at_zero(reconciles, by_controller, "result", {"success", "error", "requeue_after"});
  }

  Registry& registry;
  const std::string controller;
  const prometheus::Labels by_controller = {{"controller", controller}};
  const prometheus::Labels by_name = {{"name", controller}};

  Counters& reconciles = counters(registry, "controller_runtime_reconcile_total",
                                  "Total number of reconciliations per controller.");
  prometheus::Counter& errors = counters(registry, "controller_runtime_reconcile_errors_total",
                                         "Total number of reconciliation errors per controller.")
                                    .Add(by_controller);
  prometheus::Counter& terminal_errors =
      counters(registry, "controller_runtime_terminal_reconcile_errors_total",
               "Total number of terminal reconciliation errors per controller.")
          .Add(by_controller);
  prometheus::Counter& panics =
      counters(registry, "controller_runtime_reconcile_panics_total",
               "Total number of reconciliations that ended by an exception per controller.")
          .Add(by_controller);
  prometheus::Histogram& reconcile_time = histograms(registry, "controller_runtime_reconcile_time_seconds",
                                                     "Length of time per reconciliation per controller.")
                                              .Add(by_controller, kReconcileSeconds);
  prometheus::Gauge& max_concurrent = gauges(registry, "controller_runtime_max_concurrent_reconciles",
                                             "Maximum number of concurrent reconciles per controller.")
                                          .Add(by_controller);
  prometheus::Gauge& active_workers = gauges(registry, "controller_runtime_active_workers",
                                             "Number of currently used workers per controller.")
                                          .Add(by_controller);
  prometheus::Gauge& depth = gauges(registry, "workqueue_depth", "Current depth of workqueue.").Add(by_name);
  prometheus::Counter& adds =
      counters(registry, "workqueue_adds_total", "Total number of adds handled by workqueue.").Add(by_name);
  prometheus::Histogram& wait =
      histograms(registry, "workqueue_queue_duration_seconds",
                 "How long in seconds an item stays in workqueue before being requested.")
          .Add(by_name, kQueueSeconds);
  prometheus::Histogram& work = histograms(registry, "workqueue_work_duration_seconds",
                                           "How long in seconds processing an item from workqueue takes.")
                                    .Add(by_name, kQueueSeconds);
  prometheus::Gauge& unfinished =
      gauges(registry, "workqueue_unfinished_work_seconds",
             "How many seconds of work is in progress and has not been observed by work_duration.")
          .Add(by_name);
  prometheus::Gauge& longest =
      gauges(registry, "workqueue_longest_running_processor_seconds",
             "How many seconds the longest running processor for workqueue has been running.")
          .Add(by_name);
  prometheus::Counter& retries =
      counters(registry, "workqueue_retries_total", "Total number of retries handled by workqueue.")
          .Add(by_name);

  void count(const char* result) {
    auto labels = by_controller;
    labels["result"] = result;
    reconciles.Add(labels).Increment();
  }
};

RuntimeMetrics::RuntimeMetrics(Registry& registry, std::string controller, int max_concurrent)
    : impl_(std::make_unique<Impl>(registry, std::move(controller))) {
  impl_->max_concurrent.Set(max_concurrent);
}
RuntimeMetrics::~RuntimeMetrics() = default;

void RuntimeMetrics::reconciled(Outcome outcome, double seconds) {
  impl_->reconcile_time.Observe(seconds);
  switch (outcome) {
    case Outcome::Success:
      impl_->count("success");
      return;
    case Outcome::RequeueAfter:
      impl_->count("requeue_after");
      return;
    case Outcome::Terminal:
      impl_->terminal_errors.Increment();
      break;
    case Outcome::Panic:
      impl_->panics.Increment();
      break;
    case Outcome::Error:
      break;
  }
  impl_->errors.Increment();
  impl_->count("error");
}

void RuntimeMetrics::active_workers(int n) { impl_->active_workers.Set(n); }
void RuntimeMetrics::queue_add() { impl_->adds.Increment(); }
void RuntimeMetrics::queue_depth(std::size_t n) { impl_->depth.Set(static_cast<double>(n)); }
void RuntimeMetrics::queue_wait(double seconds) { impl_->wait.Observe(seconds); }
void RuntimeMetrics::queue_work(double seconds) { impl_->work.Observe(seconds); }
void RuntimeMetrics::queue_retry() { impl_->retries.Increment(); }
void RuntimeMetrics::queue_unfinished(double sum_seconds, double longest_seconds) {
  impl_->unfinished.Set(sum_seconds);
  impl_->longest.Set(longest_seconds);
}

}  // namespace berth::metrics
