#include <algorithm>

#include "controller/plan/container_spec.h"
#include "controller/plan/explain.h"
#include "controller/plan/names.h"
#include "controller/plan/plan_builder.h"
#include "controller/plan/service_change.h"

namespace berth::plan {

namespace {

using engine::Container;

constexpr base::Duration kKeepUsedPort = std::chrono::seconds(30);
constexpr int kKeepUsedPortAttempts = 5;  // where the failure does not say since when

// The network may be relied on: it is there and nothing happens to it.
bool network_settled(const World& world, const PlanBuilder& builder) {
  return world.network && builder.is_idle(kNetworkTarget);
}

void create(const World& world, const ServiceView& service, PlanBuilder& builder) {
  if (!service.denied.empty()) return;
  if (service.held || !network_settled(world, builder)) return;
  const std::string& before = service.record.spec_hash;
  const std::string cause = before.empty() ? "created" : before == service.hash ? "repaired" : "replaced";
  const std::string reason = before.empty()          ? "there is no container"
                             : before == service.hash ? "the container is gone"
                                                      : "spec-hash changed: " + before + " -> " + service.hash;
  Action action = service_action(ActionKind::CreateContainer, service, cause, reason);
  action.network_id = world.network->id;
  action.container = container_spec(world.input, *service.spec, world.network->id);
  action.pull = service.spec->pull_policy;
  builder.add(std::move(action));
}

void connect(const World& world, const ServiceView& service, PlanBuilder& builder) {
  if (!network_settled(world, builder)) return;
  Action action = service_action(ActionKind::ConnectContainer, service, "repaired",
                                 "not connected to network " + world.network->name + " (" + world.network->id + ")");
  action.network_id = world.network->id;
  action.aliases = aliases_of(*service.spec);
  for (const engine::Attachment& at : service.container->attachments) {
    if (is_stale(at, *world.network)) action.detach.push_back(at);
  }
  builder.add(std::move(action));
}

// Which lease the engine complains about. It names address and port; one that is leased no longer is of the past.
const PortLease* conflicting_lease(const World& world, const ServiceView& service, const std::string& message) {
  const auto names = [&](const PortLease& lease) {
    const std::string port = ":" + std::to_string(lease.host_port);
    for (auto at = message.find(port); at != std::string::npos; at = message.find(port, at + 1)) {
      const auto end = at + port.size();
      if (end == message.size() || message[end] < '0' || message[end] > '9') return true;
    }
    return false;
  };
  const auto& ports = world.input.leases.ports;
  const auto it = std::find_if(ports.begin(), ports.end(),
                               [&](const PortLease& lease) { return lease.service == service.spec->name && names(lease); });
  return it == ports.end() ? nullptr : &*it;
}

bool is_explicit(const ServiceView& service, const PortLease& lease) {
  return std::any_of(service.spec->ports.begin(), service.spec->ports.end(), [&](const crd::ServicePort& port) {
    return port.host_port && port.endpoint_name(service.spec->name) == lease.endpoint;
  });
}

// Somebody may know a port that was in use before: it is tried for a while until it is given up.
bool may_move(const World& world, const ServiceView& service, const PortLease& lease, const Failure& failure, PlanBuilder& builder) {
  const bool used = service.record.started_at || world.input.memory.published.contains({lease.endpoint, lease.host_port});
  if (!used) return true;
  if (failure.since == base::SystemTime{}) return failure.attempts > kKeepUsedPortAttempts;
  return !builder.wait_until(failure.since + std::chrono::duration_cast<base::SystemTime::duration>(kKeepUsedPort));
}

// True when the port moves (or will, as soon as it can): the container need not be started as it is.
bool move_port(const World& world, const ServiceView& service, PlanBuilder& builder) {
  const Failure* failure = failure_of(world.input, service_target(service.spec->name));
  if (!failure || failure->reason != Reason::PortConflict || !builder.is_idle(kEnvironmentTarget)) return false;
  const PortLease* lease = conflicting_lease(world, service, failure->message);
  if (!lease || is_explicit(service, *lease) || !may_move(world, service, *lease, *failure, builder)) return false;
  Action action = service_action(ActionKind::MovePort, service, "repaired",
                                 "port " + std::to_string(lease->host_port) + " is held by somebody else: " + failure->message);
  action.endpoint = lease->endpoint;
  return builder.add(std::move(action));
}

void start(const World& world, const ServiceView& service, PlanBuilder& builder) {
  if (!service.denied.empty()) return;
  if (!service.duplicates.empty() || unsatisfied(world, service) || !network_settled(world, builder)) return;
  if (service.state == ServiceState::Exited && builder.wait_until(restart_due(service))) return;
  if (move_port(world, service, builder)) return;
  const bool first = service.state == ServiceState::Created;
  Action action = first ? service_action(ActionKind::StartContainer, service, "created", "its dependencies are there")
                        : service_action(ActionKind::StartContainer, service, "restarted", describe_exit(*service.container));
  if (first) {
    for (const crd::InlineFile& file : service.spec->files) {
      action.files.push_back({file.path, file.content, file.mode, file.uid, file.gid});
    }
  }
  action.network_id = world.network->id;
  builder.add(std::move(action));
}

// A weight that was never set is the engine's default, which is what a lifted one becomes.
std::int64_t weight(std::int64_t cpu_shares) {
  constexpr std::int64_t kDefault = 1024;
  return cpu_shares == 0 ? kDefault : cpu_shares;
}

crd::Resources limits_of(const Container& container) { return {container.nano_cpus, container.memory_bytes}; }

bool limits_differ(const ServiceView& service) {
  return weight(service.container->cpu_shares) != weight(cpu_shares(*service.spec)) ||
         limits_of(*service.container) != service.spec->limits;
}

void update(const ServiceView& service, PlanBuilder& builder) {
  const auto limits = [](std::int64_t cpu, std::int64_t memory, std::int64_t shares) {
    return std::to_string(cpu) + " nanocpus, " + std::to_string(memory) + " bytes, " + std::to_string(weight(shares)) + " shares";
  };
  const Container& container = *service.container;
  const auto& wanted = service.spec->limits;
  Action action = service_action(ActionKind::UpdateContainer, service, "replaced",
                                 "limits changed: " + limits(container.nano_cpus, container.memory_bytes, container.cpu_shares) +
                                     " -> " + limits(wanted.cpu_nanos, wanted.memory_bytes, cpu_shares(*service.spec)));
  action.cpu_shares = weight(cpu_shares(*service.spec));
  action.nano_cpus = service.spec->limits.cpu_nanos;
  action.memory_bytes = service.spec->limits.memory_bytes;
  builder.add(std::move(action));
}

// Why only a new container helps after the last operation on it failed; nothing when another attempt may.
std::optional<std::string> hopeless(const World& world, const ServiceView& service) {
  constexpr int kPatience = 3;
  const Failure* failure = failure_of(world.input, service_target(service.spec->name));
  if (!failure) return std::nullopt;
  const Container& container = *service.container;
  const bool engine_failed = failure->reason == Reason::EngineError;
  // An engine that was killed may keep a task of a container that does not run, and never start it again.
  if (engine_failed && failure->attempts >= kPatience && failure->unstarted == container.id) {
    return "the engine cannot start it: " + failure->message;
  }
  // The connect of a running container that failed leaves it neither on its network nor off it: inspect shows it there, a disconnect is
  // refused, and so is every further connect.
  if ((engine_failed || failure->reason == Reason::PortConflict) && container.running() && failure->unconnected == container.id) {
    return "it was not connected to its network again: " + failure->message;
  }
  return std::nullopt;
}

// Why the container has to make way for a new one; nothing when it can stay. First the cause, then the reason.
std::optional<std::pair<std::string, std::string>> misfit(const World& world, const ServiceView& service) {
  const Container& container = *service.container;
  if (!service.current) {
    return {{"replaced", "spec-hash changed: " + label(container.labels, kSpecHashLabel) + " -> " + service.hash}};
  }
  if (!world.network && !world.other_networks.empty()) return {{"replaced", "the network is replaced"}};
  if (service.state == ServiceState::Broken) return {{"repaired", describe_state(container)}};
  if (const auto why = hopeless(world, service)) return {{"repaired", *why}};
  if (lifts_limit(limits_of(container), service.spec->limits)) return {{"replaced", "a limit was lifted, which the engine cannot do in place"}};
  return std::nullopt;
}

// It stays as it is; what it wrote last is shown.
void collect_logs(const World& world, const ServiceView& service, PlanBuilder& builder) {
  if (world.input.memory.last_logs.contains(service.spec->name)) return;
  Action action = service_action(ActionKind::CollectLogs, service, "failed", describe_exit(*service.container));
  action.target = logs_target(service.spec->name);
  builder.add(std::move(action));
}

void plan_service(const World& world, const ServiceView& service, PlanBuilder& builder) {
  for (const Container* duplicate : service.duplicates) {
    builder.remove(*duplicate, "duplicate", "container " + service.container->id + " is the one in use");
  }
  if (!service.container) return create(world, service, builder);
  if (const auto why = misfit(world, service)) {
    builder.remove(*service.container, why->first, why->second);
    return;
  }
  switch (service.state) {
    case ServiceState::Created:
    case ServiceState::Exited:
      if (limits_differ(service)) return update(service, builder);
      if (world.network && !service.attached) return connect(world, service, builder);
      return start(world, service, builder);
    case ServiceState::Running:
      if (world.network && !service.attached) return connect(world, service, builder);
      if (limits_differ(service)) return update(service, builder);
      return;
    case ServiceState::Failed:
      return collect_logs(world, service, builder);
    default:
      return;
  }
}

}  // namespace

void plan_services(const World& world, PlanBuilder& builder) {
  for (const Container* container : world.unwanted) {
    const std::string service = label(container->labels, kServiceLabel);
    builder.remove(*container, "orphan", "service \"" + service + "\" is not in the spec");
  }
  for (const ServiceView& service : world.services) plan_service(world, service, builder);
}

base::Duration restart_delay(int restarts_in_a_row) {
  if (restarts_in_a_row <= 1) return base::Duration::zero();
  constexpr base::Duration kFirst = std::chrono::seconds(10);
  constexpr base::Duration kMost = std::chrono::minutes(5);
  const int doublings = std::min(restarts_in_a_row - 2, 8);
  return std::min(kFirst * (1 << doublings), kMost);
}

}  // namespace berth::plan
