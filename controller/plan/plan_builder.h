#pragma once

#include <set>
#include <string>

#include "controller/plan/world.h"

namespace berth::plan {

// Collects the actions that may start now. The rules that hold for every action are here and nowhere else: one operation
// at a time on a target, none on a target whose last one failed before its time has come. Internal to plan/.
class PlanBuilder {
 public:
  explicit PlanBuilder(const World& world) : world_(world) {}

  // False when the target is busy, has an action in this plan already, or must wait (then the plan wakes in time).
  bool add(Action action);
  // Removes a container of ours; the grace is its service's, if it has one.
  bool remove(const engine::Container& container, std::string cause, std::string reason);
  // Nothing of the kind runs or is planned.
  bool is_idle(const std::string& target) const;
  bool any_container_busy() const;
  // The instant is still to come: the plan wakes then at the latest. Otherwise nothing; says which.
  bool wait_until(base::SystemTime when);

  void finish(Finish finish);
  void probe(ProbeTarget target) { plan_.probes.push_back(std::move(target)); }
  Plan take() { return std::move(plan_); }

 private:
  bool must_wait(const Action& action);

  const World& world_;
  Plan plan_;
  std::set<std::string> taken_;
};

// "environment" actions need nothing else.
Action environment_action(ActionKind kind, std::string cause, std::string reason);
Action service_action(ActionKind kind, const ServiceView& service, std::string cause, std::string reason);

// The chapters of plan(), in the order in which they are asked.
void plan_deletion(const World& world, PlanBuilder& builder);
void plan_finished(const World& world, PlanBuilder& builder);
// True when the environment ends now: nothing else is planned.
bool plan_ending(const World& world, PlanBuilder& builder);
void plan_leases(const World& world, PlanBuilder& builder);
void plan_network(const World& world, PlanBuilder& builder);
void plan_services(const World& world, PlanBuilder& builder);

}  // namespace berth::plan
