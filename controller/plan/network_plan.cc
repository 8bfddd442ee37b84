#include <algorithm>

#include "controller/plan/container_spec.h"
#include "controller/plan/lease_plan.h"
#include "controller/plan/names.h"
#include "controller/plan/plan_builder.h"

namespace berth::plan {

namespace {

using engine::Network;

Action network_action(ActionKind kind, std::string cause, std::string reason) {
  Action action;
  action.kind = kind;
  action.target = kNetworkTarget;
  action.cause = std::move(cause);
  action.reason = std::move(reason);
  return action;
}

void create_network(const World& world, PlanBuilder& builder) {
  const std::string hash = network_hash(world.input.spec, world.input.leases);
  const std::string& before = world.facts.network_hash;
  const bool vanished = before == hash;
  Action action = network_action(ActionKind::CreateNetwork, before.empty() ? "created" : vanished ? "repaired" : "replaced",
                                 "there is no network" + std::string(vanished ? " any more" : "") + "; subnet " +
                                     world.input.leases.subnet);
  action.network = network_spec(world.input);
  builder.add(std::move(action));
}

bool is_in_use(const World& world, const Network& network) {
  return std::any_of(world.containers.begin(), world.containers.end(), [&](const engine::Container* container) {
    return container->running() &&
           std::any_of(container->attachments.begin(), container->attachments.end(),
                       [&](const engine::Attachment& at) { return at.network_id == network.id; });
  });
}

void remove_network(const World& world, const Network& network, PlanBuilder& builder) {
  const std::string wanted = network_hash(world.input.spec, world.input.leases);
  const std::string has = label(network.labels, kSpecHashLabel);
  Action action = has == wanted ? network_action(ActionKind::RemoveNetwork, "duplicate",
                                                 "network " + world.network->id + " is the one in use")
                                : network_action(ActionKind::RemoveNetwork, "replaced", "spec-hash changed: " + has + " -> " + wanted);
  action.network_id = network.id;
  builder.add(std::move(action));
}

}  // namespace

void plan_network(const World& world, PlanBuilder& builder) {
  if (!subnet_complete(world.input)) return;
  if (world.network) {
    for (const Network* other : world.other_networks) {
      if (!is_in_use(world, *other)) return remove_network(world, *other, builder);
    }
    return;
  }
  if (!world.other_networks.empty()) {
    if (world.containers.empty() && !builder.any_container_busy()) remove_network(world, *world.other_networks.front(), builder);
    return;
  }
  const Failure* failure = failure_of(world.input, kNetworkTarget);
  const bool movable = world.input.spec.network_subnet.empty() && builder.is_idle(kEnvironmentTarget);
  if (failure && failure->reason == Reason::SubnetConflict && movable) {
    builder.add(network_action(ActionKind::MoveSubnet, "repaired", "subnet " + world.input.leases.subnet + ": " + failure->message));
    return;
  }
  create_network(world, builder);
}

}  // namespace berth::plan
