#include <algorithm>

#include "controller/plan/explain.h"
#include "controller/plan/lease_plan.h"
#include "controller/plan/plan_builder.h"

namespace berth::plan {

namespace {

using base::SystemTime;

SystemTime after(SystemTime start, base::Duration duration) {
  return start + std::chrono::duration_cast<SystemTime::duration>(duration);
}

bool is_terminal(const Failure& failure) {
  return failure.reason == Reason::InvalidSpec || failure.reason == Reason::CommandNotFound;
}

// Containers first, then the networks, one after the other: the engine serialises them anyway.
void remove_everything(const World& world, PlanBuilder& builder, const std::string& cause, const std::string& reason) {
  for (const engine::Container* container : world.containers) builder.remove(*container, cause, reason);
  if (!world.containers.empty() || builder.any_container_busy()) return;
  const engine::Network* network =
      world.network ? world.network : world.other_networks.empty() ? nullptr : world.other_networks.front();
  if (!network) return;
  Action action;
  action.kind = ActionKind::RemoveNetwork;
  action.target = kNetworkTarget;
  action.network_id = network->id;
  action.cause = cause;
  action.reason = reason;
  builder.add(std::move(action));
}

bool nothing_left(const World& world) { return engine_is_empty(world.input) && world.input.memory.busy.empty(); }

// Asks for the logs of those services that wrote any. True when all that can be had are there.
bool logs_collected(const World& world, const std::vector<const ServiceView*>& services, PlanBuilder& builder) {
  bool complete = true;
  for (const ServiceView* service : services) {
    const std::string& name = service->spec->name;
    const bool wrote = service->container && has_run(*service->container) && service->state != ServiceState::Removing;
    if (!wrote || world.input.memory.last_logs.contains(name)) continue;
    if (world.input.memory.failures.contains(logs_target(name))) continue;
    complete = false;
    Action action = service_action(ActionKind::CollectLogs, *service, "failed", explain(world, *service).message);
    action.target = logs_target(name);
    builder.add(std::move(action));
  }
  return complete;
}

struct End {
  Finish finish;  // message without the log lines
  std::vector<const ServiceView*> services;
};

std::optional<End> expiry(const World& world, PlanBuilder& builder) {
  const Input& input = world.input;
  if (input.spec.ttl && !builder.wait_until(after(input.created, *input.spec.ttl))) {
    return End{{"Expired", Reason::TtlExpired,
                "ttlSeconds: " + base::human_duration(*input.spec.ttl) + " since " + base::format_time(input.created)},
               {}};
  }
  const SystemTime renewed =
      std::max({input.created, input.memory.watching_since, input.memory.lease_renewed.value_or(input.created)});
  if (input.spec.lease_duration && !builder.wait_until(after(renewed, *input.spec.lease_duration))) {
    return End{{"Expired", Reason::LeaseExpired,
                "leaseDurationSeconds: not renewed for " + base::human_duration(*input.spec.lease_duration) + " since " +
                    base::format_time(renewed)},
               {}};
  }
  return std::nullopt;
}

std::optional<End> terminal_failure(const World& world) {
  for (const ServiceView& service : world.services) {
    const Failure* failure = failure_of(world.input, service_target(service.spec->name));
    if (failure && is_terminal(*failure)) {
      return End{{"Failed", failure->reason, service.spec->name + ": " + clean(failure->message)}, {&service}};
    }
  }
  const Failure* failure = failure_of(world.input, kNetworkTarget);
  if (failure && is_terminal(*failure)) return End{{"Failed", failure->reason, "network: " + clean(failure->message)}, {}};
  return std::nullopt;
}

// A service that is never restarted ended badly: nothing can make the environment Ready again.
std::optional<End> service_failure(const World& world) {
  for (const ServiceView& service : world.services) {
    if (service.state != ServiceState::Failed || !service.current || service.held) continue;
    return End{{"Failed", exit_reason(*service.container), service.spec->name + " " + describe_exit(*service.container)}, {&service}};
  }
  return std::nullopt;
}

std::optional<End> missed_deadline(const World& world, PlanBuilder& builder) {
  const auto& deadline = world.input.spec.ready_deadline;
  if (!deadline || world.facts.ready || !world.facts.scheduled || world.all_ready()) return std::nullopt;
  if (builder.wait_until(after(*world.facts.scheduled, *deadline))) return std::nullopt;
  End end{{"Failed", Reason::DeadlineExceeded, "not ready within " + base::human_duration(*deadline)}, {}};
  for (const ServiceView& service : world.services) {
    if (!service.ready) end.services.push_back(&service);
  }
  return end;
}

std::string with_details(const World& world, const End& end) {
  std::string message = end.finish.message;
  const bool list = end.finish.reason == Reason::DeadlineExceeded;
  for (const ServiceView* service : end.services) {
    if (list) message += "\n" + service->spec->name + ": " + explain(world, *service).message;
    message += log_suffix(world.input, service->spec->name);
  }
  return message;
}

}  // namespace

bool plan_ending(const World& world, PlanBuilder& builder) {
  std::optional<End> end = expiry(world, builder);
  if (!end) end = terminal_failure(world);
  if (!end) end = service_failure(world);
  if (!end) end = missed_deadline(world, builder);
  if (!end) return false;
  if (!logs_collected(world, end->services, builder)) return true;
  end->finish.message = with_details(world, *end);
  builder.finish(std::move(end->finish));
  return true;
}

void plan_leases(const World& world, PlanBuilder& builder) {
  if (!leases_outdated(world.input)) return;
  builder.add(environment_action(ActionKind::Allocate, world.leased ? "replaced" : "created",
                                 world.leased ? "a port is no longer wanted" : describe_missing(world.input)));
}

void plan_finished(const World& world, PlanBuilder& builder) {
  const Input& input = world.input;
  const bool keep = keeps_failed(world);
  if (keep && input.spec.ttl) builder.wait_until(after(input.created, *input.spec.ttl));
  if (!keep) {
    remove_everything(world, builder, world.facts.expired ? "expired" : "failed",
                      world.facts.expired ? "the environment has expired" : "the environment has failed");
    if (nothing_left(world) && leases_outdated(input)) {
      builder.add(environment_action(ActionKind::Allocate, world.facts.expired ? "expired" : "failed",
                                     "the environment is over and holds nothing on the engine"));
    }
  }
  if (!input.spec.ttl_after_finished || !world.facts.finished_at) return;
  if (builder.wait_until(after(*world.facts.finished_at, *input.spec.ttl_after_finished))) return;
  builder.add(environment_action(ActionKind::DeleteObject, world.facts.expired ? "expired" : "failed",
                                 "ttlSecondsAfterFinished: finished at " + base::format_time(*world.facts.finished_at)));
}

void plan_deletion(const World& world, PlanBuilder& builder) {
  remove_everything(world, builder, "deleted", "the environment is deleted");
  if (!nothing_left(world)) return;
  builder.add(environment_action(ActionKind::Finalize, "deleted", "nothing is left on the engine"));
}

}  // namespace berth::plan
