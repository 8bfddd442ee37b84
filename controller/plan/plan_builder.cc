#include "controller/plan/plan_builder.h"

#include <algorithm>

#include "controller/plan/names.h"

namespace berth::plan {

namespace {

// Whether a failure holds this kind of action back. What a failure is cured by is never held back by it.
bool holds_back(const Failure& failure, ActionKind kind) {
  if (is_removal(kind)) return failure.removing;
  if (kind == ActionKind::Finish || kind == ActionKind::DeleteObject) return false;  // the pass itself is tried again
  switch (failure.reason) {
    case Reason::PortConflict: return kind != ActionKind::MovePort;
    case Reason::SubnetConflict: return kind != ActionKind::MoveSubnet;
    case Reason::NetworkMissing: return kind != ActionKind::ConnectContainer || failure.attempts > 1;
    default: return true;
  }
}

// The target of a container: its service's when it is the one that counts.
std::string target_of(const World& world, const engine::Container& container) {
  const ServiceView* view = world.find(label(container.labels, kServiceLabel));
  return view && view->container == &container ? service_target(view->spec->name) : container_target(container.id);
}

}  // namespace

bool PlanBuilder::add(Action action) {
  if (!is_idle(action.target) || must_wait(action)) return false;
  taken_.insert(action.target);
  plan_.actions.push_back(std::move(action));
  return true;
}

bool PlanBuilder::remove(const engine::Container& container, std::string cause, std::string reason) {
  if (container.state == engine::ContainerState::Removing) return false;
  const std::string service = label(container.labels, kServiceLabel);
  if (world_.input.memory.busy.contains(service_target(service))) return false;
  Action action;
  action.kind = ActionKind::RemoveContainer;
  action.target = target_of(world_, container);
  action.service = service;
  action.container_id = container.id;
  action.cause = std::move(cause);
  action.reason = std::move(reason);
  if (const crd::Service* spec = world_.input.spec.find(service); spec && container.running()) action.grace = spec->termination_grace;
  return add(std::move(action));
}

bool PlanBuilder::is_idle(const std::string& target) const {
  return !world_.input.memory.busy.contains(target) && !taken_.contains(target);
}

bool PlanBuilder::any_container_busy() const {
  return std::any_of(world_.input.memory.busy.begin(), world_.input.memory.busy.end(), [](const std::string& target) {
    return target.starts_with(service_target("")) || target.starts_with(container_target(""));
  });
}

bool PlanBuilder::wait_until(base::SystemTime when) {
  if (when <= world_.input.now) return false;
  if (!plan_.wake_at || when < *plan_.wake_at) plan_.wake_at = when;
  return true;
}

void PlanBuilder::finish(Finish finish) {
  if (!add(environment_action(ActionKind::Finish, finish.phase == "Expired" ? "expired" : "failed", finish.message))) return;
  plan_.finish = std::move(finish);
}

bool PlanBuilder::must_wait(const Action& action) {
  const Failure* failure = failure_of(world_.input, action.target);
  return failure && holds_back(*failure, action.kind) && wait_until(failure->retry_at);
}

Action environment_action(ActionKind kind, std::string cause, std::string reason) {
  Action action;
  action.kind = kind;
  action.target = kEnvironmentTarget;
  action.cause = std::move(cause);
  action.reason = std::move(reason);
  return action;
}

Action service_action(ActionKind kind, const ServiceView& service, std::string cause, std::string reason) {
  Action action;
  action.kind = kind;
  action.target = service_target(service.spec->name);
  action.service = service.spec->name;
  if (service.container) action.container_id = service.container->id;
  action.cause = std::move(cause);
  action.reason = std::move(reason);
  return action;
}

}  // namespace berth::plan
