#include "controller/plan/container_spec.h"

#include <algorithm>

#include "controller/plan/names.h"
#include "controller/plan/service_change.h"
#include "controller/plan/subnet_allocator.h"
#include "crd/expand.h"

namespace berth::plan {

namespace {

constexpr std::int64_t kSharesPerCpu = 1024;
constexpr std::int64_t kNanosPerCpu = 1'000'000'000;
constexpr std::int64_t kMinShares = 2;

using Variables = std::map<std::string, std::string>;
using EnvList = std::vector<std::pair<std::string, std::string>>;

std::string expanded(const std::string& text, const Variables& variables) {
  return crd::expand(text, [&](std::string_view name) -> std::optional<std::string> {
    const auto it = variables.find(std::string(name));
    return it == variables.end() ? std::nullopt : std::optional(it->second);
  });
}

// The values of a service after expansion: each variable sees the ports and the variables before it.
struct Expanded {
  EnvList env;
  std::vector<std::string> command;
  std::vector<std::string> args;
};

Expanded expand_service(const crd::Service& service, Variables variables) {
  Expanded out;
  for (const crd::EnvVar& var : service.env) {
    std::string value = expanded(var.value, variables);
    variables[var.name] = value;
    out.env.emplace_back(var.name, std::move(value));
  }
  for (const std::string& word : service.command) out.command.push_back(expanded(word, variables));
  for (const std::string& word : service.args) out.args.push_back(expanded(word, variables));
  return out;
}

// What the service asks for; a lease that the spec no longer wants is kept until its container is gone, and is not part of the next.
std::vector<engine::PortBinding> bindings(const Leases& leases, const crd::Service& service) {
  const auto wanted = [&](const PortLease& lease) {
    return std::any_of(service.ports.begin(), service.ports.end(), [&](const crd::ServicePort& port) {
      return port.endpoint_name(service.name) == lease.endpoint;
    });
  };
  std::vector<engine::PortBinding> ports;
  for (const PortLease& lease : leases.ports) {
    if (lease.service != service.name || !wanted(lease)) continue;
    ports.push_back({lease.container_port, std::string(crd::engine_word(lease.protocol)), lease.host_ip, lease.host_port});
  }
  return ports;
}

// Hashes of a service and, through it, of everything it depends on. Each is computed once.
class Hasher {
 public:
  explicit Hasher(const Input& input) : input_(input), variables_(port_variables(input.spec, input.leases)) {}

  std::string of(const crd::Service& service) {
    const auto [entry, is_new] = done_.try_emplace(service.name);
    if (!is_new) return entry->second;  // a cycle cannot pass validation; here it ends
    const std::string hash = fingerprint(crd::dump(content(service)));
    return done_[service.name] = hash;
  }
  std::map<std::string, std::string> take() { return std::move(done_); }

 private:
  crd::json content(const crd::Service& service) {
    const Expanded values = expand_service(service, variables_);
    crd::json content = fixed_content(service);
    content["env"] = values.env;
    content["command"] = values.command;
    content["args"] = values.args;
    crd::json& ports = content["ports"] = crd::json::array();
    for (const engine::PortBinding& port : bindings(input_.leases, service)) {
      ports.push_back({port.container_port, port.protocol, port.host_ip, port.host_port});
    }
    std::sort(ports.begin(), ports.end());
    crd::json& dependencies = content["dependsOn"] = crd::json::object();
    for (const crd::Dependency& dependency : service.depends_on) {
      if (const crd::Service* other = input_.spec.find(dependency.service)) dependencies[other->name] = of(*other);
    }
    content["network"] = network_name(input_.name, input_.uid);
    return content;
  }

  const Input& input_;
  Variables variables_;
  std::map<std::string, std::string> done_;
};

engine::Labels labels_of(const Input& input) {
  return {{kInstanceLabel, input.instance}, {kUidLabel, input.uid}, {kNamespaceLabel, input.ns}, {kEnvironmentLabel, input.name},
          {kRevisionLabel, std::to_string(input.revision)}};
}

}  // namespace

std::map<std::string, std::string> port_variables(const crd::TestEnvironmentSpec& spec, const Leases& leases) {
  Variables variables;
  for (const crd::Service& service : spec.services) {
    for (const crd::ServicePort& port : service.ports) {
      if (port.env.empty()) continue;
      const std::string endpoint = port.endpoint_name(service.name);
      for (const PortLease& lease : leases.ports) {
        if (lease.endpoint == endpoint) variables[port.env] = std::to_string(lease.host_port);
      }
    }
  }
  return variables;
}

std::string spec_hash(const Input& input, const crd::Service& service) { return Hasher(input).of(service); }

std::map<std::string, std::string> spec_hashes(const Input& input) {
  Hasher hasher(input);
  for (const crd::Service& service : input.spec.services) hasher.of(service);
  return hasher.take();
}

std::string network_hash(const crd::TestEnvironmentSpec& spec, const Leases& leases) {
  crd::json content = {{"subnet", leases.subnet}, {"internal", spec.network_internal}};
  if (spec.network_mtu != 0) content["mtu"] = spec.network_mtu;
  if (spec.network_ipv6) content["ipv6"] = true;
  return fingerprint(crd::dump(content));
}

std::int64_t cpu_shares(const crd::Service& service) {
  return service.requests.cpu_nanos > 0 ? std::max(kMinShares, service.requests.cpu_nanos * kSharesPerCpu / kNanosPerCpu) : 0;
}

std::vector<std::string> aliases_of(const crd::Service& service) {
  std::vector<std::string> names = {service.name};
  for (const std::string& alias : service.settings.aliases) {
    if (alias != service.name) names.push_back(alias);
  }
  return names;
}

engine::ContainerSpec container_spec(const Input& input, const crd::Service& service, const std::string& network_id) {
  const Variables variables = port_variables(input.spec, input.leases);
  const Expanded values = expand_service(service, variables);
  engine::ContainerSpec spec;
  spec.name = container_name(input.name, service.name, input.uid);
  spec.image = service.image;
  spec.entrypoint = values.command;
  spec.cmd = values.args;
  for (const auto& [name, value] : variables) {
    const bool own = std::any_of(values.env.begin(), values.env.end(), [&](const auto& var) { return var.first == name; });
    if (!own) spec.env.push_back(name + "=" + value);
  }
  for (const auto& [name, value] : values.env) spec.env.push_back(name + "=" + value);
  spec.working_dir = service.working_dir;
  spec.hostname = service.settings.hostname.empty() ? service.name : service.settings.hostname;
  spec.labels = labels_of(input);
  spec.labels[kServiceLabel] = service.name;
  spec.labels[kSpecHashLabel] = spec_hash(input, service);
  spec.ports = bindings(input.leases, service);
  spec.network_id = network_id;
  spec.network_name = network_name(input.name, input.uid);
  spec.aliases = aliases_of(service);
  spec.nano_cpus = service.limits.cpu_nanos;
  spec.memory_bytes = service.limits.memory_bytes;
  spec.cpu_shares = cpu_shares(service);
  if (service.termination_grace) {
    spec.stop_timeout_seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(*service.termination_grace).count());
  }
  spec.options = container_options(service.settings);
  // berth probes by itself; the image's own HEALTHCHECK runs only where it is the probe.
  if (!uses_image_healthcheck(service)) spec.healthcheck = engine::Healthcheck{{"NONE"}};
  return spec;
}

engine::NetworkSpec network_spec(const Input& input) {
  engine::NetworkSpec spec;
  spec.name = network_name(input.name, input.uid);
  spec.labels = labels_of(input);
  spec.labels[kSpecHashLabel] = network_hash(input.spec, input.leases);
  spec.subnet = input.leases.subnet;
  if (const auto subnet = parse_subnet(input.leases.subnet)) {
    spec.gateway = subnet->gateway();
    if (input.spec.network_ipv6) {
      spec.subnet_ipv6 = subnet->ipv6();
      spec.gateway_ipv6 = subnet->ipv6_gateway();
    }
  }
  spec.internal = input.spec.network_internal;
  if (input.spec.network_mtu != 0) spec.options["com.docker.network.driver.mtu"] = std::to_string(input.spec.network_mtu);
  return spec;
}

}  // namespace berth::plan
