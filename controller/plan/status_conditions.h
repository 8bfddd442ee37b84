#pragma once

#include <optional>
#include <string>

#include "controller/plan/world.h"

// The part of status() that speaks in metav1.Conditions. Internal to plan/.
namespace berth::plan {

// The moment's phase and the times that stay. Written top to bottom: the first that applies.
struct Outline {
  std::string phase;
  std::int64_t generation = 0;
  std::optional<base::SystemTime> scheduled;
  std::optional<base::SystemTime> ready;
  std::optional<base::SystemTime> finished;
  bool over = false;  // what went wrong with the services stays as it was written
};

// "2/3"; nothing is ready in an environment that is over.
std::string ready_services(const World& world, const Outline& outline);

// Scheduled, PortsAllocated, NetworkReady, ServicesReady and Ready, carried on from the stored status.
crd::json conditions_status(const World& world, const Plan& plan, const Outline& outline);

}  // namespace berth::plan
