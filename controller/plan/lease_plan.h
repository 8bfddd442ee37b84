#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/plan/environment_plan.h"
#include "controller/plan/port_allocator.h"
#include "controller/plan/subnet_allocator.h"

// What Allocate, MovePort and MoveSubnet mean: the leases of one environment against the allocators of its host.
// Pure but for the allocators, which are changed only on success. The caller commits the result to status before any
// engine call uses it; where the commit fails, calling again gives the same leases (an owner keeps what it holds).
namespace berth::plan {

// The allocators' owner of one port: "<uid>/<endpoint name>".
std::string port_owner(std::string_view uid, std::string_view endpoint);

// What the spec asks for, in its order; host_port 0 where any port of the range will do. Nothing for an environment that is
// being deleted or has ended and holds nothing on the engine any more.
std::vector<PortLease> wanted_ports(const Input& input);
// Room for the services and a few containers that join from outside (a CI job's own).
int wanted_hosts(const crd::TestEnvironmentSpec& spec);

// Whether every wanted port and the subnet are leased.
bool leases_complete(const Input& input);
bool subnet_complete(const Input& input);
bool port_complete(const Leases& leases, const PortLease& wanted);
// Whether Allocate would change something: a lease is missing, or one that nothing wants can be given back, because no
// container that might publish it is left.
bool leases_outdated(const Input& input);
// "no lease for postgres.sql, redis.redis, the subnet"; "" when nothing is missing.
std::string describe_missing(const Input& input);

struct Allocation {
  Leases leases;
  std::vector<PortLease> fallbacks;  // leased outside the range
};
using IsFree = std::function<bool(const PortKey&)>;

// Errors: PortConflict, PortsExhausted, SubnetConflict, SubnetExhausted, Invalid (an explicit subnet that is none).
Result<Allocation> allocate(const Input& input, PortAllocator& ports, SubnetAllocator& subnets, const IsFree& is_free);
// The port of `endpoint` is not leased again before `until`. Errors: NotFound (no such lease), PortsExhausted: the environment keeps it.
Result<Allocation> move_port(const Input& input, const std::string& endpoint, PortAllocator& ports, base::SystemTime until,
                             const IsFree& is_free);
// Errors: SubnetExhausted; the old subnet is kept, as the status keeps it, and quarantined.
Result<Allocation> move_subnet(const Input& input, SubnetAllocator& subnets, base::SystemTime until);

// Charges what a stored status or an owned engine object shows, at start. Errors: PortConflict, SubnetConflict, naming the
// other holder; everything that can be charged is. `environment`: as messages call it.
Result<void> charge(const Leases& leases, const std::string& uid, const std::string& environment, PortAllocator& ports,
                    SubnetAllocator& subnets);

}  // namespace berth::plan
