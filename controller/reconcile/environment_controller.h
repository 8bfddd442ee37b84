#pragma once

#include <memory>

#include "api/client/client.h"
#include "api/registry.h"
#include "api/server/api_server.h"
#include "base/clock.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"
#include "controller/reconcile/environment_observer.h"
#include "controller/reconcile/environment_reconciler.h"
#include "controller/reconcile/host.h"
#include "controller/reconcile/lease_watch.h"
#include "controller/reconcile/prober.h"
#include "controller/reconcile/reaper.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/informer.h"
#include "controller/runtime/workqueue.h"
#include "metrics/engine_metrics.h"
#include "metrics/environment_metrics.h"
#include "metrics/runtime_metrics.h"

namespace berth::reconcile {

struct EnvironmentControllerOptions {
  HostOptions host;
  ReaperOptions reaper;
  int exec_probes = 4;  // at once
};

struct EnvironmentControllerMetrics {
  metrics::RuntimeMetrics& runtime;
  metrics::EngineMetrics& engine;
  metrics::EnvironmentMetrics& environments;
};

// Everything that makes one Docker host match the stored TestEnvironments, wired together: informers, mirror, prober, reaper and leases
// only ever enqueue a key; the main loop hands keys to the reconciler. What the constructor is given outlives it. Loop thread only.
class EnvironmentController {
 public:
  static constexpr int kWorkers = 32;  // a pass waits for the store now and then: so many may wait at once

  EnvironmentController(Executor executor, base::Clock& clock, api::Registry& registry, api::Client& client,
                        engine::Engine& engine, ProbeTransport& transport, EnvironmentControllerMetrics metrics,
                        EmitEvent emit, EnvironmentControllerOptions options);

  // Handlers may be added to it before start().
  runtime::Informer& environments() { return environments_; }
  // Starts the caches, and everything else once they are complete. Nothing is decided on half a picture.
  void start();
  // The caches are complete. Says nothing about the engine.
  bool ready() const { return ready_; }
  // Operations that run get `grace` to end.
  Task<void> stop(base::Duration grace);

  api::EnvironmentOperations operations();
  // Brings the series that depend on the time up to date; called before metrics are read.
  void report_times();
  Host& host() { return host_; }
  Reaper& reaper() { return reaper_; }

 private:
  void connect();
  Task<void> start_loops();
  void wake(const ObjectKey& key);
  void wake_all();

  base::Clock& clock_;
  const crd::ResourceInfo& kind_;
  runtime::Informer environments_;
  LeaseWatch leases_;
  EnvironmentObserver observer_;
  Host host_;
  Prober prober_;
  Journal journal_;
  runtime::WorkQueue queue_;
  EnvironmentReconciler reconciler_;
  runtime::Controller controller_;
  Reaper reaper_;
  bool ready_ = false;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
