#include <algorithm>

#include "controller/plan/explain.h"
#include "controller/plan/lease_plan.h"
#include "controller/plan/names.h"
#include "controller/plan/status_conditions.h"
#include "controller/plan/subnet_allocator.h"

namespace berth::plan {

namespace {

using crd::json;

Outline outline(const World& world, const Plan& plan) {
  const Input& input = world.input;
  Outline out{.generation = input.generation, .scheduled = world.facts.scheduled, .ready = world.facts.ready,
              .finished = world.facts.finished_at};
  if (world.facts.finished || plan.finish) {
    out.over = world.facts.finished;
    out.phase = plan.finish ? plan.finish->phase : world.facts.expired ? "Expired" : "Failed";
    if (!out.finished) out.finished = input.now;
    if (input.deleting) out.phase = "Terminating";
    return out;
  }
  if (input.deleting) {
    out.over = true;
    out.phase = "Terminating";
    return out;
  }
  if (!out.scheduled && world.leased) out.scheduled = input.now;
  if (!out.ready && world.all_ready()) out.ready = input.now;
  out.phase = !out.scheduled ? "Pending" : world.all_ready() ? "Ready" : out.ready ? "Degraded" : "Provisioning";
  return out;
}

std::string state_name(const ServiceView& service) {
  switch (service.state) {
    case ServiceState::Missing:
    case ServiceState::Created: return "Waiting";
    case ServiceState::Running: return "Running";
    case ServiceState::Exited: return service.current ? "Restarting" : "Removing";  // another one takes its place
    case ServiceState::Completed: return "Completed";
    case ServiceState::Failed: return "Failed";
    case ServiceState::Removing: return "Removing";
    case ServiceState::Broken: return "Broken";
  }
  return "";
}

// "" members say nothing: they are left out.
void put(json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}
void put_time(json& object, const char* key, const std::optional<base::SystemTime>& time) {
  if (time) object[key] = base::format_micro_time(*time);
}

std::string variable_of(const crd::TestEnvironmentSpec& spec, const PortLease& lease) {
  const crd::Service* service = spec.find(lease.service);
  if (!service) return "";
  for (const crd::ServicePort& port : service->ports) {
    if (port.endpoint_name(service->name) == lease.endpoint) return port.env;
  }
  return "";
}

// "sql" of postgres.sql; "" of a port that has no name.
std::string port_name(const PortLease& lease) {
  const crd::ServicePort unnamed{.container_port = lease.container_port, .protocol = lease.protocol};
  if (!lease.endpoint.starts_with(lease.service + ".") || lease.endpoint == unnamed.endpoint_name(lease.service)) return "";
  return lease.endpoint.substr(lease.service.size() + 1);
}

json ports_status(const Input& input, const std::string& service) {
  json ports = json::array();
  for (const PortLease& lease : input.leases.ports) {
    if (lease.service != service) continue;
    json port = {{"containerPort", lease.container_port},
                 {"protocol", crd::to_string(lease.protocol)},
                 {"hostPort", lease.host_port}};
    put(port, "endpoint", lease.endpoint);
    put(port, "hostIP", lease.host_ip);
    put(port, "name", port_name(lease));
    put(port, "env", variable_of(input.spec, lease));
    ports.push_back(std::move(port));
  }
  return ports;
}

json stored_service(const Input& input, const std::string& name) {
  for (const json& service : array_at(input.status, "services")) {
    if (text_at(service, "name") == name) return service;
  }
  return json{{"name", name}, {"state", "Removing"}, {"restartCount", 0}};
}

bool has_ended(const ServiceView& service) {
  return service.state == ServiceState::Exited || service.state == ServiceState::Completed || service.state == ServiceState::Failed;
}

std::string address_of(const World& world, const engine::Container& container) {
  const std::string name = network_name(world.input.name, world.input.uid);
  for (const engine::Attachment& attachment : container.attachments) {
    if (attachment.network_name == name) return attachment.ip_address;
  }
  return "";
}

// How the run before this one of the same container ended, as far as it was seen to end.
void put_last_termination(json& out, const json& before) {
  if (text_at(before, "containerID") != text_at(out, "containerID")) return;
  if (before.contains("lastTermination")) out["lastTermination"] = before["lastTermination"];
  if (!before.contains("exitCode") || text_at(before, "startedAt") == text_at(out, "startedAt")) return;
  json last = {{"exitCode", before["exitCode"]}};
  for (const char* key : {"reason", "startedAt", "finishedAt"}) put(last, key, text_at(before, key));
  out["lastTermination"] = std::move(last);
}

json service_status(const World& world, const ServiceView& service, bool ending) {
  const std::string& name = service.spec->name;
  json out = {{"name", name},
              {"state", state_name(service)},
              {"ready", service.ready},
              {"restartCount", service.record.restart_count},
              {"ports", ports_status(world.input, name)}};
  put(out, "containerID", service.record.container_id);
  put(out, "specHash", service.record.spec_hash);
  put_time(out, "startedAt", service.record.started_at);
  if (service.record.backoff_level > 0) out["backoffLevel"] = service.record.backoff_level;
  if (service.container) {
    put(out, "containerName", service.container->name);
    put(out, "imageID", service.container->image_id);
    put(out, "ipAddress", address_of(world, *service.container));
    if (has_ended(service)) {
      out["exitCode"] = service.container->exit_code;
      if (service.container->finished_at != base::SystemTime{}) put_time(out, "finishedAt", service.container->finished_at);
    }
    put_last_termination(out, stored_service(world.input, name));
  }
  if (!service.ready) {
    const Explanation why = explain(world, service);
    put(out, "reason", why.reason);
    const bool failed = ending || service.state == ServiceState::Failed;
    put(out, "message", why.message + (failed ? log_suffix(world.input, name) : ""));
  }
  return out;
}

// Of a service that is over, or that the spec no longer has: what was written about it, as far as it still holds.
json past_service_status(const World& world, const json& before, const std::string& name) {
  json out = before;
  out["name"] = name;
  out["ready"] = false;
  out["ports"] = ports_status(world.input, name);
  const std::string id = text_at(before, "containerID");
  const bool exists = std::any_of(world.containers.begin(), world.containers.end(),
                                  [&](const engine::Container* container) { return container->id == id; });
  const std::string state = text_at(before, "state");
  if (world.input.deleting) {
    out["state"] = exists ? "Removing" : "Removed";
  } else if (!exists && !id.empty() && state != "Completed" && state != "Failed") {
    out["state"] = "Removed";
  }
  if (!exists) {
    out.erase("containerID");
    out.erase("containerName");
    out.erase("ipAddress");
  }
  return out;
}

// A container that is kept for looking at may have been made, started, or ended after the last word about it.
json kept_service_status(json before, const ServiceView& service, json ports) {
  const engine::Container& kept = *service.container;
  json out = std::move(before);
  out["ready"] = false;
  out["ports"] = std::move(ports);
  put(out, "containerID", kept.id);
  put(out, "containerName", kept.name);
  const bool runs = service.state == ServiceState::Running;
  if (!runs && !has_ended(service)) return out;
  const std::string state = runs ? "Running" : kept.exit_code == 0 ? "Completed" : "Failed";
  if (text_at(out, "state") == "Waiting") {
    out.erase("reason");
    out.erase("message");
    if (state == "Failed") out["message"] = describe_exit(kept);
  }
  out["state"] = state;
  put_time(out, "startedAt", kept.started_at);
  if (runs) return out;
  out["exitCode"] = kept.exit_code;
  if (kept.finished_at != base::SystemTime{}) put_time(out, "finishedAt", kept.finished_at);
  return out;
}

// Services that left the spec but hold ports or a container.
std::vector<std::string> leaving_services(const World& world) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (name.empty() || world.input.spec.find(name)) return;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const PortLease& lease : world.input.leases.ports) add(lease.service);
  for (const engine::Container* container : world.unwanted) add(label(container->labels, kServiceLabel));
  std::sort(names.begin(), names.end());
  return names;
}

json services_status(const World& world, const Outline& outline) {
  json services = json::array();
  for (const ServiceView& service : world.services) {
    const std::string& name = service.spec->name;
    if (!outline.over) {
      services.push_back(service_status(world, service, outline.finished.has_value()));
      continue;
    }
    json stored = stored_service(world.input, name);
    const bool kept = service.container && !world.input.deleting && keeps_failed(world);
    services.push_back(kept ? kept_service_status(std::move(stored), service, ports_status(world.input, name))
                            : past_service_status(world, stored, name));
  }
  for (const std::string& name : leaving_services(world)) {
    json left = past_service_status(world, stored_service(world.input, name), name);
    if (!outline.over) left["state"] = "Removing";
    services.push_back(std::move(left));
  }
  return services;
}

std::string endpoint_address(const Input& input, const PortLease& lease) {
  const bool of_host = lease.host_ip == input.bind_address || lease.host_ip == "0.0.0.0" || lease.host_ip == "::";
  const std::string& ip = of_host ? input.advertise_address : lease.host_ip;
  return (ip.find(':') == std::string::npos ? ip : "[" + ip + "]") + ":" + std::to_string(lease.host_port);
}

json endpoints_status(const Input& input) {
  json endpoints = json::object();
  for (const PortLease& lease : input.leases.ports) {
    if (input.spec.find(lease.service)) endpoints[lease.endpoint] = endpoint_address(input, lease);
  }
  return endpoints;
}

json network_status(const World& world) {
  json network = {{"name", network_name(world.input.name, world.input.uid)}};
  put(network, "subnet", world.input.leases.subnet);
  if (const auto subnet = parse_subnet(world.input.leases.subnet); subnet && world.input.spec.network_ipv6) put(network, "subnetIPv6", subnet->ipv6());
  put(network, "id", world.network ? world.network->id : "");
  put(network, "specHash", world.network ? label(world.network->labels, kSpecHashLabel) : world.facts.network_hash);
  return network;
}

// status.reason and status.message: what the Ready condition says while it is not True.
void put_summary(json& out) {
  for (const json& condition : out["conditions"]) {
    if (text_at(condition, "type") != "Ready" || text_at(condition, "status") == "True") continue;
    const std::string reason = text_at(condition, "reason");
    if (reason != text_at(out, "phase")) put(out, "reason", reason);
    put(out, "message", text_at(condition, "message"));
  }
}

}  // namespace

json status(const Input& input, const Plan& plan) {
  const World world = observe(input);
  const Outline outline = plan::outline(world, plan);
  json out = {{"phase", outline.phase},
              {"observedGeneration", outline.generation},
              {"hostName", input.host_name},
              {"network", network_status(world)},
              {"services", services_status(world, outline)},
              {"readyServices", ready_services(world, outline)},
              {"endpoints", endpoints_status(input)},
              {"env", port_variables(input.spec, input.leases)},
              {"conditions", conditions_status(world, plan, outline)}};
  put_summary(out);
  put_time(out, "scheduledTime", outline.scheduled);
  put_time(out, "readyTime", outline.ready);
  put_time(out, "finishedTime", outline.finished);
  if (input.spec.ttl) {
    out["expirationTime"] = base::format_time(input.created + std::chrono::duration_cast<base::SystemTime::duration>(*input.spec.ttl));
  }
  return out;
}

}  // namespace berth::plan
