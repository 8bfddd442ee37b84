#include "controller/reconcile/environment_controller.h"

#include "controller/reconcile/debug_operations.h"
#include "controller/reconcile/host_network.h"
#include "controller/reconcile/operations.h"
#include "controller/reconcile/pod_operations.h"

namespace berth::reconcile {

namespace {

constexpr const char* kName = "testenvironment";
constexpr base::Backoff kBackoff{std::chrono::milliseconds(20), std::chrono::seconds(30), 2.0};

}  // namespace

EnvironmentController::EnvironmentController(Executor executor, base::Clock& clock, api::Registry& registry,
                                             api::Client& client, engine::Engine& engine, ProbeTransport& transport,
                                             EnvironmentControllerMetrics metrics, EmitEvent emit,
                                             EnvironmentControllerOptions options)
    : clock_(clock),
      kind_(*registry.scheme().find(crd::kGroup, crd::kVersion, "testenvironments")),
      environments_(executor, clock, client, kind_),
      leases_(executor, clock, client, *registry.scheme().find("coordination.k8s.io", "v1", "leases"), environments_),
      observer_(clock, environments_, metrics.environments),
      host_(executor, clock, engine, metrics.engine, metrics.environments, std::move(options.host)),
      prober_(executor, clock, engine, transport, options.exec_probes),
      journal_(clock),
      queue_(executor, clock, metrics.runtime, kBackoff),
      reconciler_({executor, clock, registry, client, kind_, environments_, leases_, host_, prober_, journal_, emit,
                   [this](const ObjectKey& key, int priority) { queue_.add(key, priority); }, port_is_free}),
      controller_(executor, clock, kName, queue_, reconciler_, metrics.runtime, kWorkers),
      reaper_(executor, clock, host_, environments_, emit, std::move(options.reaper)),
      tasks_(executor, "start") {
  connect();
}

// Who wakes whom.
void EnvironmentController::connect() {
  environments_.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool initial) {
    reconciler_.changed(old, now, initial);
    if (old && !now && host_.mirror.owns(old->uid())) reaper_.look_soon();
  });
  leases_.on_renewal([this](const ObjectKey& key) { wake(key); });
  host_.mirror.on_change([this](const Owner& owner) { wake(owner.key); });
  host_.mirror.on_drift([this](const Drift& drift) { reconciler_.drifted(drift); });
  host_.mirror.on_connection([this](bool) { wake_all(); });
  host_.on_prepare([this] {
    reconciler_.charge_leases();
    wake_all();
  });
  prober_.on_verdict([this](const Owner& owner) { wake(owner.key); });
  reaper_.on_removed([this](const std::string& uid) { reconciler_.release_leases(uid); });
}

void EnvironmentController::wake(const ObjectKey& key) {
  if (environments_.get(key)) queue_.add(key);
}

void EnvironmentController::wake_all() {
  for (const auto& object : environments_.list()) queue_.add(object->key(), runtime::WorkQueue::kResyncPriority);
}

void EnvironmentController::start() {
  environments_.start();
  leases_.start();
  tasks_.spawn("loops", start_loops());
}

Task<void> EnvironmentController::start_loops() {
  co_await environments_.synced();
  co_await leases_.synced();
  reconciler_.begin();
  controller_.start();
  reaper_.start();
  host_.start();
  ready_ = true;
}

// Nobody decides any more, then nobody acts any more, then nobody looks any more.
Task<void> EnvironmentController::stop(base::Duration grace) {
  ready_ = false;
  co_await tasks_.stop();
  co_await controller_.stop();
  co_await reaper_.stop();
  co_await reconciler_.stop(grace);
  co_await prober_.stop();
  co_await host_.stop();
  co_await leases_.stop();
  co_await environments_.stop();
}

api::EnvironmentOperations EnvironmentController::operations() {
  auto operations = environment_operations(clock_, host_, reaper_);
  add_debug_operations(operations, clock_, host_, journal_);
  operations.pods = pod_operations(tasks_.executor(), clock_, host_);
  return operations;
}

void EnvironmentController::report_times() {
  queue_.report_unfinished();
  observer_.report_times();
  host_.report_allocation();
}

}  // namespace berth::reconcile
