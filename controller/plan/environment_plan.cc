#include "controller/plan/environment_plan.h"

#include "controller/plan/plan_builder.h"
#include "controller/plan/pod_log.h"

namespace berth::plan {

namespace {

// Everything that runs and has a readinessProbe, whether or not it is ready already.
void plan_probes(const World& world, PlanBuilder& builder) {
  for (const ServiceView& service : world.services) {
    if (service.state != ServiceState::Running || !service.current || !service.spec->readiness) continue;
    ProbeTarget target;
    target.service = service.spec->name;
    target.container_id = service.container->id;
    target.started_at = service.container->started_at;
    target.log_from = run_began(*service.container);
    target.probe = *service.spec->readiness;
    for (const engine::Attachment& at : service.container->attachments) {
      if (world.network && at.network_id == world.network->id) target.ip_address = at.ip_address;
    }
    for (const PortLease& lease : world.input.leases.ports) {
      if (lease.service != target.service || lease.protocol != crd::Protocol::Tcp) continue;
      target.published[lease.container_port] = lease;
    }
    builder.probe(std::move(target));
  }
}

}  // namespace

Plan plan(const Input& input) {
  const World world = observe(input);
  PlanBuilder builder(world);
  if (input.deleting) {
    plan_deletion(world, builder);
  } else if (world.facts.finished) {
    plan_finished(world, builder);
  } else {
    plan_probes(world, builder);
    if (!plan_ending(world, builder)) {
      plan_leases(world, builder);
      plan_network(world, builder);
      plan_services(world, builder);
    }
  }
  return builder.take();
}

std::string service_target(std::string_view service) { return std::string("service/").append(service); }
std::string container_target(std::string_view id) { return std::string("container/").append(id); }
std::string logs_target(std::string_view service) { return std::string("logs/").append(service); }

bool is_removal(ActionKind kind) {
  return kind == ActionKind::RemoveContainer || kind == ActionKind::RemoveNetwork || kind == ActionKind::Finalize;
}

std::string_view to_string(ActionKind kind) {
  switch (kind) {
    case ActionKind::Allocate: return "Allocate";
    case ActionKind::MovePort: return "MovePort";
    case ActionKind::MoveSubnet: return "MoveSubnet";
    case ActionKind::CreateNetwork: return "CreateNetwork";
    case ActionKind::RemoveNetwork: return "RemoveNetwork";
    case ActionKind::ConnectContainer: return "ConnectContainer";
    case ActionKind::CreateContainer: return "CreateContainer";
    case ActionKind::StartContainer: return "StartContainer";
    case ActionKind::RemoveContainer: return "RemoveContainer";
    case ActionKind::UpdateContainer: return "UpdateContainer";
    case ActionKind::CollectLogs: return "CollectLogs";
    case ActionKind::Finish: return "Finish";
    case ActionKind::Finalize: return "Finalize";
    case ActionKind::DeleteObject: return "DeleteObject";
  }
  return "Unknown";
}

}  // namespace berth::plan
