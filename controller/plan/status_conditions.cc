#include "controller/plan/status_conditions.h"

#include <algorithm>

#include "controller/plan/explain.h"
#include "controller/plan/lease_plan.h"
#include "crd/condition.h"

namespace berth::plan {

namespace {

using crd::json;

constexpr std::size_t kLongestEnd = 8000;  // with the last lines of several services

int ready_count(const World& world) {
  return static_cast<int>(std::count_if(world.services.begin(), world.services.end(), [](const auto& s) { return s.ready; }));
}

std::string unready_list(const World& world) {
  std::string text;
  for (const ServiceView& service : world.services) {
    if (!service.ready) text += (text.empty() ? "" : "; ") + service.spec->name + ": " + explain(world, service).message;
  }
  return text;
}

class Conditions {
 public:
  Conditions(const World& world, const Outline& outline)
      : world_(world), outline_(outline), list_(array_at(world.input.status, "conditions")) {}

  void set(const char* type, bool status, const std::string& reason, const std::string& message) {
    crd::set_condition(list_, type, status, reason, message, outline_.generation, world_.input.now);
  }

  // Waiting for leases: for what, and what stands in the way.
  void leases() {
    const Failure* failure = failure_of(world_.input, kEnvironmentTarget);
    const std::string reason = failure ? std::string(to_string(failure->reason)) : "Allocating";
    const std::string message = failure ? clean(failure->message) : describe_missing(world_.input);
    if (outline_.scheduled) {
      set("Scheduled", true, "Scheduled", "on host " + world_.input.host_name);
    } else {
      set("Scheduled", false, reason, message);
    }
    if (world_.leased) {
      set("PortsAllocated", true, "Allocated", std::to_string(world_.input.leases.ports.size()) + " ports leased");
    } else {
      set("PortsAllocated", false, reason, message);
    }
  }

  void network() {
    if (const engine::Network* network = world_.network) {
      set("NetworkReady", true, "NetworkCreated", network->name + " " + world_.input.leases.subnet);
    } else if (const Failure* failure = failure_of(world_.input, kNetworkTarget)) {
      set("NetworkReady", false, std::string(to_string(failure->reason)), clean(failure->message));
    } else {
      set("NetworkReady", false, "NetworkPending",
          world_.other_networks.empty() ? "the network is not there yet" : "the network is replaced because its spec changed");
    }
  }

  void services() {
    const int ready = ready_count(world_);
    const int all = static_cast<int>(world_.services.size());
    if (ready == all) {
      set("ServicesReady", true, "ServicesReady", std::to_string(all) + " services ready");
    } else {
      set("ServicesReady", false, "ServicesNotReady", clean(unready_list(world_)));
    }
  }

  void ready() {
    if (outline_.phase == "Ready") return set("Ready", true, "Ready", "all services are ready");
    const Explanation why = first_problem();
    const std::string message = why.message.empty() ? ready_services(world_, outline_) + " services are ready" : why.message;
    set("Ready", false, why.reason.empty() ? outline_.phase : why.reason, message);
  }

  void over(const Plan& plan) {
    set("ServicesReady", false, outline_.phase, "the environment is over");
    if (plan.finish) {
      set("Ready", false, std::string(to_string(plan.finish->reason)), clean(plan.finish->message, kLongestEnd));
    }
    if (!world_.network) set("NetworkReady", false, outline_.phase, "the environment is over");
  }

  void terminating() {
    const std::size_t containers = world_.containers.size();
    const std::size_t networks = world_.other_networks.size() + (world_.network ? 1 : 0);
    std::string message = containers + networks == 0 ? "nothing is left on the engine"
                                                     : std::to_string(containers) + " containers and " + std::to_string(networks) +
                                                           " networks are left";
    for (const auto& [target, failure] : world_.input.memory.failures) {
      if (failure.removing) message += "; " + target + ": " + clean(failure.message);
    }
    set("Ready", false, "Terminating", message);
  }

  json take() { return std::move(list_); }

 private:
  // What stands in the way of Ready, in the order in which things are made.
  Explanation first_problem() const {
    const Failure* leases = failure_of(world_.input, kEnvironmentTarget);
    if (!world_.leased && leases) return {std::string(to_string(leases->reason)), clean(leases->message)};
    const Failure* network = failure_of(world_.input, kNetworkTarget);
    if (!world_.network && network) return {std::string(to_string(network->reason)), "network: " + clean(network->message)};
    Explanation first;
    for (const ServiceView& service : world_.services) {
      if (service.ready) continue;
      Explanation why = explain(world_, service);
      why.message = service.spec->name + ": " + why.message;
      // A probe that fails is what a service that takes its time looks like: everything else says more.
      if (!why.reason.empty() && why.reason != to_string(Reason::ProbeFailed)) return why;
      if (first.reason.empty() && !why.reason.empty()) first = std::move(why);
    }
    return first;
  }

  const World& world_;
  const Outline& outline_;
  json list_;
};

}  // namespace

std::string ready_services(const World& world, const Outline& outline) {
  const int ready = outline.over ? 0 : ready_count(world);
  return std::to_string(ready) + "/" + std::to_string(world.services.size());
}

json conditions_status(const World& world, const Plan& plan, const Outline& outline) {
  Conditions conditions(world, outline);
  if (world.input.deleting) {
    conditions.terminating();
  } else if (outline.finished) {
    conditions.over(plan);
  } else {
    conditions.leases();
    conditions.network();
    conditions.services();
    conditions.ready();
  }
  return conditions.take();
}

}  // namespace berth::plan
