#include "controller/reconcile/host.h"

#include <optional>

#include "base/log.h"
#include "controller/reconcile/owner.h"
#include "crd/formats.h"

namespace berth::reconcile {

namespace {

// At once: at least, at first, at most (docs/decisions/0006-concurrency.md).
const LatencyLimit kNetworkCalls(1, 2, 4);
const LatencyLimit kContainerChanges(4, 8, 16);
constexpr base::Duration kHostCallDeadline = std::chrono::seconds(30);

// Of what the engine says; nullopt: IPv6.
std::optional<plan::Subnet> subnet_of(const std::string& text) {
  const auto net = crd::parse_ipv4_net(text);
  if (!net) return std::nullopt;
  return plan::Subnet{net->address & net->mask(), net->prefix};
}

}  // namespace

Host::Host(Executor executor, base::Clock& c, engine::Engine& e, metrics::EngineMetrics& engine_metrics,
           metrics::EnvironmentMetrics& m, HostOptions options)
    : clock(c),
      engine(e),
      metrics(m),
      mirror(executor, c, e, engine_metrics, {options.instance, options.resync, 8}),
      ports(options.ports),
      subnets(options.subnet_pool),
      starts(executor, c, 1),
      start_flights(executor, c, e),
      changes(executor, c, kContainerChanges),
      networking(executor, c, kNetworkCalls),
      pulls(executor, c, e),
      options_(std::move(options)),
      changed_(executor),
      tasks_(executor, "host") {
  if (options_.advertise_address.empty()) options_.advertise_address = options_.bind_address;
}

void Host::start() {
  mirror.start();
  tasks_.spawn("prepare", prepare());
}

Task<void> Host::stop() {
  co_await tasks_.stop();
  co_await pulls.stop();
  co_await start_flights.stop();
  co_await mirror.stop();
}

void Host::close_lines() {
  starts.line().close();
  changes.line().close();
  networking.line().close();
}

// Before the first environment is looked at: what the engine is, which networks are taken, who holds which lease.
Task<void> Host::prepare() {
  for (;;) {
    co_await mirror.wait_live();
    const auto deadline = base::Deadline::after(clock.steady_now(), kHostCallDeadline);
    auto answer = co_await engine.info(deadline);
    if (answer.has_value()) {
      info_ = *answer;
      break;
    }
    co_await clock.sleep_for(std::chrono::seconds(1));
  }
  if (options_.claim && !options_.claim(info_)) co_return;
  starts.set_cpus(info_.cpus);
  base::log_info("host", "engine answers",
                 {{"host", options_.name}, {"version", info_.version}, {"api", info_.api_version}, {"cpus", info_.cpus}});
  std::string said;
  for (auto networks = co_await learn_networks(); networks.has_error(); networks = co_await learn_networks()) {
    const auto& why = networks.error().message;
    if (said != why) base::log_warn("host", "the engine does not list its networks: waiting for it", {{"error", why}});
    said = why;
    co_await clock.sleep_for(std::chrono::seconds(1));
  }
  prepared_ = true;
  if (on_prepare_) on_prepare_();
  changed_.notify_all();
}

Task<void> Host::wait_ready() {
  while (!ready()) {
    co_await mirror.wait_live();
    if (!prepared_) co_await changed_.wait();
  }
}

Task<Result<bool>> Host::is_taken(std::string subnet) {
  auto networks = co_await learn_networks();
  if (networks.has_error()) co_return networks.error();
  const auto wanted = subnet_of(subnet);
  if (!wanted) co_return false;
  for (const auto& network : *networks) {
    for (const auto& text : network.subnets) {
      if (const auto theirs = subnet_of(text); theirs && theirs->overlaps(*wanted)) co_return true;
    }
  }
  co_return false;
}

Task<Result<std::vector<engine::Network>>> Host::learn_networks() {
  const auto deadline = base::Deadline::after(clock.steady_now(), kHostCallDeadline);
  std::vector<std::string> every;
  auto networks = co_await engine.list_networks(std::move(every), deadline);
  if (networks.has_value()) {
    foreign_.clear();
    for (const auto& network : *networks) {
      if (owner_of(network.labels, options_.instance)) continue;
      for (const auto& text : network.subnets) {
        if (const auto subnet = subnet_of(text)) foreign_.push_back(*subnet);
      }
    }
  }
  refresh_routes();
  co_return networks;
}

void Host::refresh_routes() {
  auto blocked = foreign_;
  if (options_.engine_is_local) {
    const auto routes = options_.routes();
    blocked.insert(blocked.end(), routes.begin(), routes.end());
  }
  subnets.set_blocked(std::move(blocked));
}

void Host::report_allocation() {
  const auto now = clock.system_now();
  const auto port_counts = ports.counts(now);
  metrics.ports("free", port_counts.free);
  metrics.ports("leased", port_counts.leased);
  metrics.ports("quarantined", port_counts.quarantined);
  const auto subnet_counts = subnets.counts(now);
  metrics.subnets("free", subnet_counts.free);
  metrics.subnets("leased", subnet_counts.leased);
  metrics.subnets("quarantined", subnet_counts.quarantined);
}

}  // namespace berth::reconcile
