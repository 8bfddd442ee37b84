#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"
#include "controller/engine/pull_group.h"
#include "controller/plan/port_allocator.h"
#include "controller/plan/subnet_allocator.h"
#include "controller/reconcile/fair_limiter.h"
#include "controller/reconcile/host_network.h"
#include "controller/reconcile/mirror.h"
#include "controller/reconcile/paced_line.h"
#include "controller/reconcile/start_flights.h"
#include "controller/reconcile/start_limiter.h"
#include "metrics/engine_metrics.h"
#include "metrics/environment_metrics.h"

namespace berth::reconcile {

struct HostOptions {
  std::string name = "local";
  std::string instance;
  std::string bind_address = "127.0.0.1";
  std::string advertise_address;  // "" = the bind address
  plan::PortRange ports;
  plan::Subnet subnet_pool;
  bool engine_is_local = true;  // its routes are ours: subnets that overlap them are not used
  crd::FieldPolicy policy;
  std::function<std::vector<plan::Subnet>()> routes = host_routes;
  base::Duration resync = std::chrono::seconds(60);
  // Asked once the engine has said who it is; false: this host is never ready.
  std::function<bool(const engine::EngineInfo&)> claim;
};

// One Docker host and everything that is counted per host. Loop thread only.
class Host {
 public:
  Host(Executor executor, base::Clock& clock, engine::Engine& engine, metrics::EngineMetrics& engine_metrics,
       metrics::EnvironmentMetrics& metrics, HostOptions options);

  void start();
  Task<void> stop();
  // The engine answered, its objects are listed and the allocators know every lease: environments may be reconciled.
  bool ready() const { return prepared_ && mirror.live(); }
  Task<void> wait_ready();
  // Before the end: whoever waits for a place in one of the lines below is cancelled.
  void close_lines();
  // Called once, when the engine was listed for the first time: charges what the stored environments and owned networks hold.
  void on_prepare(std::function<void()> handler) { on_prepare_ = std::move(handler); }
  // After "Pool overlaps": whether a network that the engine lists, ours or not, has addresses of `subnet`. Learns again which are
  // not ours. Errors: of the engine's list.
  Task<Result<bool>> is_taken(std::string subnet);
  // Before a subnet is leased: a VPN may have come up since.
  void refresh_routes();
  void report_allocation();
  const std::string& instance() const { return options_.instance; }
  const HostOptions& options() const { return options_; }
  const engine::EngineInfo& info() const { return info_; }

  base::Clock& clock;
  engine::Engine& engine;
  metrics::EnvironmentMetrics& metrics;
  Mirror mirror;
  plan::PortAllocator ports;
  plan::SubnetAllocator subnets;
  StartLimiter starts;    // containers being started
  StartFlights start_flights;
  PacedLine changes;     // containers being made or removed, and the last look at an environment
  PacedLine networking;  // networks being made or removed: the engine does one at a time
  engine::PullGroup pulls;

 private:
  Task<void> prepare();
  Task<Result<std::vector<engine::Network>>> learn_networks();

  HostOptions options_;
  engine::EngineInfo info_;
  std::vector<plan::Subnet> foreign_;  // networks of the engine that are not ours
  std::function<void()> on_prepare_;
  bool prepared_ = false;
  base::Signal changed_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
