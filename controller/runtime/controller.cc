#include "controller/runtime/controller.h"

#include <exception>

#include "base/log.h"

namespace berth::runtime {

namespace {

using Reported = metrics::RuntimeMetrics::Outcome;

bool is_terminal(Reason reason) { return reason == Reason::Invalid || reason == Reason::InvalidSpec; }

std::string describe(std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

// Counts a worker as busy for as long as it lives, also when its coroutine is cancelled.
struct Busy {
  Busy(int& count, metrics::RuntimeMetrics& m) : active(count), metrics(m) { metrics.active_workers(++active); }
  ~Busy() { metrics.active_workers(--active); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  int& active;
  metrics::RuntimeMetrics& metrics;
};

}  // namespace

Controller::Controller(Executor executor, base::Clock& clock, std::string name, WorkQueue& queue,
                       Reconciler& reconciler, metrics::RuntimeMetrics& metrics, int workers)
    : clock_(clock),
      name_(std::move(name)),
      queue_(queue),
      reconciler_(reconciler),
      metrics_(metrics),
      workers_(workers),
      tasks_(std::move(executor), name_) {}

void Controller::start() {
  for (int i = 0; i < workers_; ++i) tasks_.spawn("worker", worker());
}

Task<void> Controller::stop() {
  queue_.shut_down();
  co_await tasks_.stop();
}

Task<void> Controller::worker() {
  while (auto key = co_await queue_.get()) {
    Busy busy(active_, metrics_);
    const auto taken = *key;
    co_await process(taken);
    queue_.done(taken);
  }
}

Task<void> Controller::process(ObjectKey key) {
  const auto started = clock_.steady_now();
  ReconcileContext context;
  context.reconcile_id = name_ + "-" + std::to_string(++passes_);
  context.deadline = base::Deadline::after(started, kPassDeadline);
  const auto id = context.reconcile_id;
  std::exception_ptr exception;
  Result<Outcome> outcome = Outcome{};
  try {
    outcome = co_await reconciler_.reconcile(key, std::move(context));
  } catch (...) {
    exception = std::current_exception();
    if (base::is_cancellation(exception)) throw;
  }
  const auto took = std::chrono::duration<double>(clock_.steady_now() - started).count();
  if (exception) {
    base::log_error(name_, "reconcile ended by an exception",
                    {{"key", key.str()}, {"reconcile", id}, {"error", describe(exception)}});
    metrics_.reconciled(Reported::Panic, took);
    queue_.add_rate_limited(key);
  } else if (outcome.has_error()) {
    settle_error(key, id, outcome.error(), took);
  } else {
    queue_.forget(key);
    if (outcome->requeue_after) queue_.add_after(key, *outcome->requeue_after);
    metrics_.reconciled(outcome->requeue_after ? Reported::RequeueAfter : Reported::Success, took);
  }
}

void Controller::settle_error(const ObjectKey& key, const std::string& id, const Error& error, double took) {
  const bool terminal = is_terminal(error.reason);
  base::log_warn(name_, terminal ? "reconcile failed for good" : "reconcile failed",
                 {{"key", key.str()},
                  {"reconcile", id},
                  {"reason", base::to_string(error.reason)},
                  {"error", error.message},
                  {"retries", queue_.retries(key)}});
  metrics_.reconciled(terminal ? Reported::Terminal : Reported::Error, took);
  if (terminal) {
    queue_.forget(key);
  } else {
    queue_.add_rate_limited(key);
  }
}

}  // namespace berth::runtime
