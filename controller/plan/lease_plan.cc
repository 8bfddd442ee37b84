#include "controller/plan/lease_plan.h"

#include <algorithm>

#include "controller/plan/facts.h"
#include "controller/plan/names.h"
#include "controller/plan/world.h"

namespace berth::plan {

namespace {

constexpr int kGuests = 4;  // containers that join from outside

const PortLease* find(const Leases& leases, std::string_view endpoint) {
  const auto it = std::find_if(leases.ports.begin(), leases.ports.end(),
                               [&](const PortLease& lease) { return lease.endpoint == endpoint; });
  return it == leases.ports.end() ? nullptr : &*it;
}

std::string environment_name(const Input& input) { return input.ns + "/" + input.name; }

// As messages call who holds a port.
std::string endpoint_of(const std::string& environment, const PortLease& lease) { return lease.endpoint + " of " + environment; }

PortKey key_of(const PortLease& lease) { return {lease.host_ip, lease.protocol, lease.host_port}; }

bool is_wanted(const std::vector<PortLease>& wanted, const PortLease& lease) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const PortLease& w) { return w.endpoint == lease.endpoint; });
}

// A port can be given back once no container is left that may publish it.
bool is_published(const Input& input, const PortLease& lease) {
  if (input.memory.busy.contains(service_target(lease.service))) return true;
  for (const engine::Container& container : input.actual.containers) {
    if (!is_owned(input, container.labels) || label(container.labels, kServiceLabel) != lease.service) continue;
    const crd::Service* service = input.spec.find(lease.service);
    if (!service || label(container.labels, kSpecHashLabel) != spec_hash(input, *service)) return true;
  }
  return false;
}

// Whether the environment is over and nothing of it is left on the engine.
bool is_spent(const Input& input) {
  return (input.deleting || facts_of(input).finished) && engine_is_empty(input) && input.memory.busy.empty();
}

// Gives one environment back what it held, unless all of a change worked.
class Attempt {
 public:
  Attempt(const Input& input, PortAllocator& ports, SubnetAllocator& subnets)
      : input_(input), ports_(ports), subnets_(subnets), had_ports_(ports.held_by(input.uid)), had_subnet_(subnets.held_by(input.uid)) {}
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt() {
    if (worked_) return;
    ports_.release_all(input_.uid);
    for (const auto& held : had_ports_) static_cast<void>(ports_.charge(held.key, held.owner, held.called));
    subnets_.release(input_.uid);
    if (had_subnet_) static_cast<void>(subnets_.charge(*had_subnet_, input_.uid, environment_name(input_)));
  }
  void worked() { worked_ = true; }

 private:
  const Input& input_;
  PortAllocator& ports_;
  SubnetAllocator& subnets_;
  std::vector<PortAllocator::Held> had_ports_;
  std::optional<Subnet> had_subnet_;
  bool worked_ = false;
};

Result<std::string> allocate_subnet(const Input& input, SubnetAllocator& subnets) {
  if (!input.spec.network_subnet.empty()) {
    const auto subnet = parse_subnet(input.spec.network_subnet);
    if (!subnet) return subnet.error();
    if (const auto free = subnets.check(*subnet, input.uid); !free) return free.error();
    if (const auto charged = subnets.charge(*subnet, input.uid, environment_name(input)); !charged) return charged.error();
    return subnet->str();
  }
  const auto leased = subnets.lease(wanted_hosts(input.spec), input.uid, input.now, environment_name(input));
  if (!leased) return leased.error();
  return leased->str();
}

// An explicit port is charged before anything else; a lease of the same environment makes room for it.
Result<void> charge_explicit(const Input& input, const PortLease& wanted, PortAllocator& ports) {
  const PortKey key = key_of(wanted);
  const std::string owner = port_owner(input.uid, wanted.endpoint);
  if (const std::string other = ports.holder(key); other != owner && other.starts_with(port_owner(input.uid, ""))) {
    const std::string endpoint = other.substr(port_owner(input.uid, "").size());
    const auto all = wanted_ports(input);
    const bool also_explicit = std::any_of(all.begin(), all.end(), [&](const PortLease& port) {
      return port.endpoint == endpoint && port.host_port != 0 && excludes(key_of(port), key);
    });
    if (also_explicit) {
      return base::error(Reason::PortConflict, "hostPort " + std::to_string(wanted.host_port) + " is asked for twice: " + endpoint +
                                                   " and " + wanted.endpoint);
    }
    ports.release(key, other);
  }
  return ports.charge(key, owner, endpoint_of(environment_name(input), wanted));
}

// What the status holds already stays, unless somebody else has it by now.
Result<PortLease> lease_port(const Input& input, PortLease wanted, PortAllocator& ports, const IsFree& is_free,
                             std::vector<PortLease>& fallbacks) {
  const std::string owner = port_owner(input.uid, wanted.endpoint);
  const std::string called = endpoint_of(environment_name(input), wanted);
  const PortLease* has = find(input.leases, wanted.endpoint);
  if (has && has->host_port != 0 && has->host_ip == wanted.host_ip && has->protocol == wanted.protocol &&
      ports.charge(key_of(*has), owner, called)) {
    wanted.host_port = has->host_port;
    return wanted;
  }
  const auto leased = ports.lease(wanted.host_ip, wanted.protocol, owner, input.now, is_free, called);
  if (!leased) return leased.error();
  wanted.host_port = leased->key.port;
  if (leased->fallback) fallbacks.push_back(wanted);
  return wanted;
}

}  // namespace

std::string port_owner(std::string_view uid, std::string_view endpoint) {
  return std::string(uid).append("/").append(endpoint);
}

std::vector<PortLease> wanted_ports(const Input& input) {
  std::vector<PortLease> wanted;
  if (is_spent(input)) return wanted;
  for (const crd::Service& service : input.spec.services) {
    for (const crd::ServicePort& port : service.ports) {
      wanted.push_back({service.name, port.endpoint_name(service.name), port.host_ip.empty() ? input.bind_address : port.host_ip,
                        port.protocol, port.host_port.value_or(0), port.container_port});
    }
  }
  return wanted;
}

int wanted_hosts(const crd::TestEnvironmentSpec& spec) { return static_cast<int>(spec.services.size()) + kGuests; }

bool port_complete(const Leases& leases, const PortLease& wanted) {
  const PortLease* has = find(leases, wanted.endpoint);
  if (!has || has->host_port == 0) return false;
  PortLease expected = wanted;
  if (expected.host_port == 0) expected.host_port = has->host_port;
  return *has == expected;
}

bool subnet_complete(const Input& input) {
  const auto has = parse_subnet(input.leases.subnet);
  if (!has) return false;
  if (!input.spec.network_subnet.empty()) return input.leases.subnet == input.spec.network_subnet;
  return has->usable_hosts() >= static_cast<int>(input.spec.services.size());
}

bool leases_complete(const Input& input) {
  if (!subnet_complete(input)) return false;
  const auto wanted = wanted_ports(input);
  return std::all_of(wanted.begin(), wanted.end(), [&](const PortLease& port) { return port_complete(input.leases, port); });
}

bool leases_outdated(const Input& input) {
  if (is_spent(input)) return input.leases != Leases{};
  if (!leases_complete(input)) return true;
  const auto wanted = wanted_ports(input);
  return std::any_of(input.leases.ports.begin(), input.leases.ports.end(),
                     [&](const PortLease& lease) { return !is_wanted(wanted, lease) && !is_published(input, lease); });
}

std::string describe_missing(const Input& input) {
  std::string missing;
  for (const PortLease& port : wanted_ports(input)) {
    if (!port_complete(input.leases, port)) missing += (missing.empty() ? "" : ", ") + port.endpoint;
  }
  if (!subnet_complete(input)) missing += missing.empty() ? "the subnet" : ", the subnet";
  return missing.empty() ? "" : "no lease for " + missing;
}

Result<Allocation> allocate(const Input& input, PortAllocator& ports, SubnetAllocator& subnets, const IsFree& is_free) {
  Attempt attempt(input, ports, subnets);
  Allocation out;
  const bool spent = is_spent(input);
  const auto wanted = wanted_ports(input);
  for (const PortLease& lease : input.leases.ports) {
    if (is_wanted(wanted, lease)) continue;
    if (!spent && is_published(input, lease)) {
      out.leases.ports.push_back(lease);
    } else {
      ports.release(key_of(lease), port_owner(input.uid, lease.endpoint));
    }
  }
  if (spent) {
    ports.release_all(input.uid);
    subnets.release(input.uid);
  } else if (subnet_complete(input)) {
    out.leases.subnet = input.leases.subnet;
    static_cast<void>(subnets.charge(*parse_subnet(out.leases.subnet), input.uid, environment_name(input)));
  } else {
    const auto subnet = allocate_subnet(input, subnets);
    if (!subnet) return subnet.error();
    out.leases.subnet = *subnet;
  }
  for (const PortLease& port : wanted) {
    if (port.host_port == 0) continue;
    if (const auto charged = charge_explicit(input, port, ports); !charged) return charged.error();
  }
  for (const PortLease& port : wanted) {
    auto lease = port.host_port != 0 ? port : lease_port(input, port, ports, is_free, out.fallbacks);
    if (!lease) return lease.error();
    out.leases.ports.push_back(std::move(*lease));
  }
  attempt.worked();
  return out;
}

Result<Allocation> move_port(const Input& input, const std::string& endpoint, PortAllocator& ports, base::SystemTime until,
                             const IsFree& is_free) {
  Allocation out{input.leases, {}};
  for (PortLease& lease : out.leases.ports) {
    if (lease.endpoint != endpoint) continue;
    const std::string owner = port_owner(input.uid, endpoint);
    const std::string called = endpoint_of(environment_name(input), lease);
    ports.quarantine(key_of(lease), until);
    ports.release(key_of(lease), owner);
    const auto leased = ports.lease(lease.host_ip, lease.protocol, owner, input.now, is_free, called);
    if (!leased) {
      static_cast<void>(ports.charge(key_of(lease), owner, called));
      return leased.error();
    }
    lease.host_port = leased->key.port;
    if (leased->fallback) out.fallbacks.push_back(lease);
    return out;
  }
  return base::error(Reason::NotFound, "no port is leased for " + endpoint);
}

Result<Allocation> move_subnet(const Input& input, SubnetAllocator& subnets, base::SystemTime until) {
  if (const auto old = parse_subnet(input.leases.subnet)) subnets.quarantine(*old, until);
  const auto held = subnets.held_by(input.uid);
  subnets.release(input.uid);
  const auto subnet = subnets.lease(wanted_hosts(input.spec), input.uid, input.now, environment_name(input));
  if (!subnet) {
    if (held) static_cast<void>(subnets.charge(*held, input.uid, environment_name(input)));
    return subnet.error();
  }
  Allocation out{input.leases, {}};
  out.leases.subnet = subnet->str();
  return out;
}

Result<void> charge(const Leases& leases, const std::string& uid, const std::string& environment, PortAllocator& ports,
                    SubnetAllocator& subnets) {
  Result<void> result;
  if (const auto subnet = parse_subnet(leases.subnet)) {
    if (auto charged = subnets.charge(*subnet, uid, environment); !charged) result = charged;
  }
  for (const PortLease& lease : leases.ports) {
    auto charged = ports.charge(key_of(lease), port_owner(uid, lease.endpoint), endpoint_of(environment, lease));
    if (!charged) result = charged;
  }
  return result;
}

}  // namespace berth::plan
