#pragma once

#include <map>
#include <string>

#include "controller/plan/environment_plan.h"

// What is made on the engine, beside container_spec() and spec_hash() of environment_plan.h. Internal to plan/.
namespace berth::plan {

// spec_hash() of every service, computed together.
std::map<std::string, std::string> spec_hashes(const Input& input);
// The weight of the CPU that the service requests; 0 when it requests none.
std::int64_t cpu_shares(const crd::Service& service);
// The names of the service in the network of the environment: its own first.
std::vector<std::string> aliases_of(const crd::Service& service);
engine::ContainerOptions container_options(const crd::ContainerSettings& settings);
// The network of the environment, from its leased subnet. REQUIRES: leases.subnet is one.
engine::NetworkSpec network_spec(const Input& input);

}  // namespace berth::plan
