#pragma once

#include <map>
#include <memory>
#include <string>

#include "metrics/registry.h"

namespace berth::metrics {

// Parallelism, allocation, cleanup and healing: host is the engine's short name.
class EnvironmentMetrics {
 public:
  EnvironmentMetrics(Registry& registry, std::string host);
  ~EnvironmentMetrics();

  // berth_environments{namespace,phase}: the whole picture at once; series of namespaces that are gone are removed.
  void environments(const std::map<std::pair<std::string, std::string>, int>& by_namespace_and_phase);
  // Environments that are Ready or Degraded: berth_parallelism_current; raises berth_parallelism_peak.
  void running(int n);
  void time_to_ready(const std::string& source, double seconds);  // source: manifests | api
  void queue_wait(double seconds);                                // creation -> Scheduled
  void ports(const std::string& state, int n);                    // free | leased | quarantined
  void subnets(const std::string& state, int n);
  void port_conflict();
  void port_fallback();

  void cleanup_duration(double seconds);                                    // deletionTimestamp -> gone
  void cleanup_object(const std::string& kind, const std::string& cause);   // container|network; deleted|expired|failed|replaced|orphan
  void orphans(const std::string& kind, int n);
  void orphan_removed(const std::string& kind);
  void cleanup_failure(const std::string& reason);
  void terminating_oldest(double seconds);

  void drift(const std::string& kind);  // container_died|container_removed|network_removed|network_disconnected
  void time_to_heal(double seconds);
  void foreign_disconnected();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::metrics
