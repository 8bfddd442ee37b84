#include "metrics/environment_metrics.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "metrics/build.h"

namespace berth::metrics {

namespace {

const Buckets kReadySeconds = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300};
const Buckets kWaitSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
const Buckets kCleanupSeconds = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300};
const Buckets kHealSeconds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

constexpr std::initializer_list<const char*> kPhases = {
    "Pending", "Provisioning", "Ready", "Degraded", "Failed", "Expired", "Suspended", "Terminating"};
constexpr std::initializer_list<const char*> kLeaseStates = {"free", "leased", "quarantined"};
constexpr std::initializer_list<const char*> kObjectKinds = {"container", "network"};
constexpr std::initializer_list<const char*> kCauses = {"deleted", "expired", "failed", "replaced", "orphan"};
constexpr std::initializer_list<const char*> kDrifts = {"container_died", "container_removed",
                                                        "network_removed", "network_disconnected"};
constexpr std::initializer_list<const char*> kFailures = {"EngineUnavailable", "EngineError", "NetworkInUse",
                                                          "RemovalInProgress"};

}  // namespace

struct EnvironmentMetrics::Impl {
  Impl(Registry& r, std::string h) : host(std::move(h)), registry(r) {
    start_at_zero(ports, {{"host", host}}, "state", kLeaseStates);
    start_at_zero(subnets, {{"host", host}}, "state", kLeaseStates);
    for (const char* source : {"manifests", "api"}) time_to_ready.Add({{"source", source}}, kReadySeconds);
    for (const char* kind : kObjectKinds) start_at_zero(cleanup_objects, {{"kind", kind}}, "cause", kCauses);
    start_at_zero(orphans, {}, "kind", kObjectKinds);
    start_at_zero(orphans_removed, {}, "kind", kObjectKinds);
    start_at_zero(cleanup_failures, {}, "reason", kFailures);
    start_at_zero(drift, {}, "kind", kDrifts);
  }

  const std::string host;
  Registry& registry;
  Gauges& environments = gauges(registry, "berth_environments", "Environments by namespace and phase.");
  prometheus::Gauge& current =
      gauges(registry, "berth_parallelism_current", "Environments that are Ready or Degraded now.").Add({});
  prometheus::Gauge& peak = gauges(registry, "berth_parallelism_peak",
                                   "The most environments that were Ready or Degraded at a time.")
                                .Add({});
  Histograms& time_to_ready = histograms(registry, "berth_environment_time_to_ready_seconds",
                                         "Time from an environment's creation to its first Ready.");
  prometheus::Histogram& queue_wait = histograms(registry, "berth_environment_queue_wait_seconds",
                                                 "Time from an environment's creation to Scheduled.")
                                          .Add({}, kWaitSeconds);
  Gauges& ports = gauges(registry, "berth_ports", "Host ports of the range by state.");
  Gauges& subnets = gauges(registry, "berth_subnets", "Subnets of the pool by state.");
  prometheus::Counter& port_conflicts =
      counters(registry, "berth_port_conflicts_total", "Leased ports that somebody outside berth held.")
          .Add({{"host", host}});
  prometheus::Counter& port_fallbacks = counters(registry, "berth_port_fallbacks_total",
                                                 "Ports leased outside the range because it was exhausted.")
                                            .Add({{"host", host}});
  prometheus::Histogram& cleanup_duration =
      histograms(registry, "berth_cleanup_duration_seconds",
                 "Time from an environment's deletion to the end of its last engine object.")
          .Add({}, kCleanupSeconds);
  Counters& cleanup_objects = counters(registry, "berth_cleanup_objects_total",
                                       "Engine objects that were removed, by kind and cause.");
  Gauges& orphans = gauges(registry, "berth_orphans", "Engine objects of berth that no environment wants.");
  Counters& orphans_removed =
      counters(registry, "berth_orphans_removed_total", "Orphans that the reaper removed, by kind.");
  Counters& cleanup_failures = counters(registry, "berth_cleanup_failures_total",
                                        "Removals that failed and are tried again, by reason.");
  prometheus::Gauge& terminating_oldest =
      gauges(registry, "berth_terminating_oldest_seconds", "Age of the oldest deletion that is not done.")
          .Add({});
  Counters& drift =
      counters(registry, "berth_drift_total", "Differences from the desired state that were found, by kind.");
  prometheus::Histogram& time_to_heal =
      histograms(registry, "berth_time_to_heal_seconds", "Time from a drift to Ready again.")
          .Add({}, kHealSeconds);
  prometheus::Counter& foreign_disconnected =
      counters(registry, "berth_foreign_disconnected_total",
               "Foreign containers that were disconnected from a network of berth that had to go.")
          .Add({{"host", host}});
  std::set<std::string> namespaces;  // those with series
};

EnvironmentMetrics::EnvironmentMetrics(Registry& registry, std::string host)
    : impl_(std::make_unique<Impl>(registry, std::move(host))) {}
EnvironmentMetrics::~EnvironmentMetrics() = default;

void EnvironmentMetrics::environments(const std::map<std::pair<std::string, std::string>, int>& counts) {
  std::set<std::string> present;
  for (const auto& [key, count] : counts) present.insert(key.first);
  auto& family = impl_->environments;
  for (const auto& ns : impl_->namespaces) {
    if (present.contains(ns)) continue;
    for (const char* phase : kPhases) family.Remove(&family.Add({{"namespace", ns}, {"phase", phase}}));
  }
  for (const auto& ns : present) {
    for (const char* phase : kPhases) {
      const auto found = counts.find({ns, phase});
      family.Add({{"namespace", ns}, {"phase", phase}}).Set(found == counts.end() ? 0 : found->second);
    }
  }
  impl_->namespaces = std::move(present);
}

void EnvironmentMetrics::running(int n) {
  impl_->current.Set(n);
  impl_->peak.Set(std::max(impl_->peak.Value(), static_cast<double>(n)));
}

void EnvironmentMetrics::time_to_ready(const std::string& source, double seconds) {
  impl_->time_to_ready.Add({{"source", source}}, kReadySeconds).Observe(seconds);
}
void EnvironmentMetrics::queue_wait(double seconds) { impl_->queue_wait.Observe(seconds); }
void EnvironmentMetrics::ports(const std::string& state, int n) {
  impl_->ports.Add({{"host", impl_->host}, {"state", state}}).Set(n);
}
void EnvironmentMetrics::subnets(const std::string& state, int n) {
  impl_->subnets.Add({{"host", impl_->host}, {"state", state}}).Set(n);
}
void EnvironmentMetrics::port_conflict() { impl_->port_conflicts.Increment(); }
void EnvironmentMetrics::port_fallback() { impl_->port_fallbacks.Increment(); }

void EnvironmentMetrics::cleanup_duration(double seconds) { impl_->cleanup_duration.Observe(seconds); }
void EnvironmentMetrics::cleanup_object(const std::string& kind, const std::string& cause) {
  impl_->cleanup_objects.Add({{"kind", kind}, {"cause", cause}}).Increment();
}
void EnvironmentMetrics::orphans(const std::string& kind, int n) {
  impl_->orphans.Add({{"kind", kind}}).Set(n);
}
void EnvironmentMetrics::orphan_removed(const std::string& kind) {
  impl_->orphans_removed.Add({{"kind", kind}}).Increment();
}
void EnvironmentMetrics::cleanup_failure(const std::string& reason) {
  impl_->cleanup_failures.Add({{"reason", reason}}).Increment();
}
void EnvironmentMetrics::terminating_oldest(double seconds) { impl_->terminating_oldest.Set(seconds); }

void EnvironmentMetrics::drift(const std::string& kind) { impl_->drift.Add({{"kind", kind}}).Increment(); }
void EnvironmentMetrics::time_to_heal(double seconds) { impl_->time_to_heal.Observe(seconds); }
void EnvironmentMetrics::foreign_disconnected() { impl_->foreign_disconnected.Increment(); }

}  // namespace berth::metrics
