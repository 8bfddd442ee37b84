#include "controller/plan/environment_change.h"

#include <algorithm>

#include "controller/plan/container_spec.h"
#include "controller/plan/service_change.h"
#include "crd/fields.h"

namespace berth::plan {

namespace {

constexpr std::uint16_t kSomePort = 1;  // one that no lease has: whoever gets a port gets another than none

const crd::json& service_named(const crd::json& spec, const std::string& name) {
  static const crd::json kNone;
  for (const auto& service : crd::array_at(spec, "services")) {
    if (crd::text_at(service, "name") == name) return service;
  }
  return kNone;
}

// The leases as they will be: what an explicit port moves, and what is missing.
void lease_what_is_missing(Input& input) {
  for (const auto& service : input.spec.services) {
    for (const auto& port : service.ports) {
      const auto endpoint = port.endpoint_name(service.name);
      const auto& address = port.host_ip.empty() ? input.bind_address : port.host_ip;
      auto& ports = input.leases.ports;
      const auto held = std::find_if(ports.begin(), ports.end(), [&](const PortLease& lease) { return lease.endpoint == endpoint; });
      if (held == ports.end()) {
        ports.push_back({service.name, endpoint, address, port.protocol, port.host_port.value_or(kSomePort), port.container_port});
        continue;
      }
      if (port.host_port) held->host_port = *port.host_port;
      held->host_ip = address;
      held->container_port = port.container_port;
      held->protocol = port.protocol;
    }
  }
}

std::vector<std::string> differing_fields(const crd::json& before, const crd::json& after) {
  std::vector<std::string> names;
  for (const auto& [name, value] : after.items()) {
    if (!before.contains(name) || before[name] != value) names.push_back(name);
  }
  for (const auto& [name, value] : before.items()) {
    if (!after.contains(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool network_changes(const Input& before, const Input& after) {
  const auto& wanted = after.spec.network_subnet;
  const bool moved = !wanted.empty() && !before.leases.subnet.empty() && wanted != before.leases.subnet;
  return moved || network_hash(before.spec, before.leases) != network_hash(after.spec, before.leases);
}

std::string replaced_dependency(const std::vector<ServiceOutcome>& changes, const crd::Service& service) {
  for (const auto& dependency : service.depends_on) {
    for (const auto& change : changes) {
      if (change.service == dependency.service && change.outcome == Outcome::Replaced) return dependency.service;
    }
  }
  return "";
}

// Services after those they depend on, so that a reason can be named.
std::vector<const crd::Service*> dependencies_first(const crd::TestEnvironmentSpec& spec) {
  std::vector<const crd::Service*> order;
  const auto placed = [&](const std::string& name) {
    return std::any_of(order.begin(), order.end(), [&](const auto* service) { return service->name == name; });
  };
  for (std::size_t round = 0; round < spec.services.size(); ++round) {
    for (const auto& service : spec.services) {
      const auto& needs = service.depends_on;
      const bool ready = std::all_of(needs.begin(), needs.end(), [&](const auto& need) { return placed(need.service); });
      if (ready && !placed(service.name)) order.push_back(&service);
    }
  }
  return order;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::Unchanged: return "Unchanged";
    case Outcome::InPlace: return "InPlace";
    case Outcome::Replaced: return "Replaced";
    case Outcome::Added: return "Added";
    case Outcome::Removed: return "Removed";
  }
  return "";
}

std::vector<ServiceOutcome> outcomes(const Input& before, const crd::json& old_spec, Input after, const crd::json& new_spec) {
  after.leases = before.leases;
  lease_what_is_missing(after);
  const bool network = network_changes(before, after);
  const auto old_hashes = spec_hashes(before);
  auto new_hashes = spec_hashes(after);
  std::vector<ServiceOutcome> all;
  for (const auto* service : dependencies_first(after.spec)) {
    ServiceOutcome change{service->name, Outcome::Unchanged, {}, ""};
    const auto& old_body = service_named(old_spec, service->name);
    const auto& new_body = service_named(new_spec, service->name);
    if (old_body.is_null()) {
      change.outcome = Outcome::Added;
      all.push_back(std::move(change));
      continue;
    }
    change.fields = differing_fields(old_body, new_body);
    const auto old_hash = old_hashes.find(service->name);
    const bool other_hash = old_hash == old_hashes.end() || old_hash->second != new_hashes[service->name];
    const auto* was = before.spec.find(service->name);
    const bool lifted = was && lifts_limit(was->limits, service->limits);
    if (network || other_hash || lifted) {
      change.outcome = Outcome::Replaced;
      const auto dependency = replaced_dependency(all, *service);
      if (network) {
        change.why = "the network changes";
      } else if (!dependency.empty()) {
        change.why = "it depends on " + dependency;
      } else if (lifted && !other_hash) {
        change.why = "an engine does not take a limit away";
      } else if (change.fields.empty()) {
        change.why = "a port that it names changes";
      }
    } else if (!change.fields.empty()) {
      change.outcome = Outcome::InPlace;
    }
    all.push_back(std::move(change));
  }
  std::stable_sort(all.begin(), all.end(), [&](const ServiceOutcome& a, const ServiceOutcome& b) {
    const auto place = [&](const ServiceOutcome& change) { return after.spec.find(change.service) - after.spec.services.data(); };
    return place(a) < place(b);
  });
  for (const auto& service : before.spec.services) {
    if (!after.spec.find(service.name)) all.push_back({service.name, Outcome::Removed, {}, ""});
  }
  return all;
}

}  // namespace berth::plan
