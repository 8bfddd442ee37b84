#pragma once

#include <string>
#include <vector>

#include "controller/plan/container_spec.h"
#include "controller/plan/environment_plan.h"
#include "controller/plan/lease_plan.h"
#include "controller/plan/names.h"

// One environment on one engine, told in a few words, and what plan() answers, as lines of text.
namespace berth::plan {

using namespace std::chrono_literals;

struct Scene {
  Input input;

  Scene() {
    input.instance = "here";
    input.ns = "ci";
    input.name = "shop";
    input.uid = "0a1b2c3d-0000";
    input.generation = 1;
    input.created = base::parse_time("2026-11-23T10:00:00Z").value();
    input.now = input.created + 10s;
    input.status = crd::json::object();
    input.leases.subnet = "10.213.0.0/27";
    input.status["observedGeneration"] = 1;
    input.status["scheduledTime"] = "2026-11-23T10:00:01.000000Z";
  }

  base::SystemTime at(std::chrono::seconds since_creation) const { return input.created + since_creation; }

  crd::Service& service(const std::string& name) {
    for (crd::Service& existing : input.spec.services) {
      if (existing.name == name) return existing;
    }
    crd::Service added;
    added.name = name;
    added.image = name + ":1";
    input.spec.services.push_back(added);
    return input.spec.services.back();
  }

  crd::ServicePort& port(const std::string& service_name, const std::string& name, int container_port,
                         const std::string& env = "", int host_port = 0) {
    crd::Service& owner = service(service_name);
    crd::ServicePort added;
    added.name = name;
    added.container_port = static_cast<std::uint16_t>(container_port);
    added.env = env;
    owner.ports.push_back(added);
    if (host_port != 0) lease(service_name, added, host_port);
    return owner.ports.back();
  }

  void lease(const std::string& service_name, const crd::ServicePort& port, int host_port) {
    input.leases.ports.push_back({service_name, port.endpoint_name(service_name), "127.0.0.1", port.protocol,
                                  static_cast<std::uint16_t>(host_port), port.container_port});
  }

  engine::Network& network(const std::string& id = "net1") {
    const engine::NetworkSpec spec = network_spec(input);
    engine::Network made;
    made.id = id;
    made.name = spec.name;
    made.labels = spec.labels;
    made.subnets = {spec.subnet};
    input.actual.networks.push_back(made);
    return input.actual.networks.back();
  }

  // As it is right after its creation from the spec of now. Call it once the spec is complete.
  engine::Container& created(const std::string& name, const std::string& id = "") {
    const engine::ContainerSpec spec = container_spec(input, service(name), "net1");
    engine::Container made;
    made.id = id.empty() ? name + "-id" : id;
    made.name = spec.name;
    made.labels = spec.labels;
    made.nano_cpus = spec.nano_cpus;
    made.memory_bytes = spec.memory_bytes;
    made.cpu_shares = spec.cpu_shares;
    made.attachments = {{spec.network_name, "", ""}};
    input.actual.containers.push_back(made);
    return input.actual.containers.back();
  }

  engine::Container& running(const std::string& name, std::chrono::seconds since = 5s) {
    engine::Container& container = created(name);
    container.state = engine::ContainerState::Running;
    container.started_at = at(since);
    container.attachments = {{network_name(input.name, input.uid), "net1", "10.213.0.2"}};
    return container;
  }

  engine::Container& exited(const std::string& name, int code, std::chrono::seconds from = 5s, std::chrono::seconds until = 9s) {
    engine::Container& container = running(name, from);
    container.state = engine::ContainerState::Exited;
    container.exit_code = code;
    container.finished_at = at(until);
    container.attachments.front().ip_address.clear();
    return container;
  }

  void probed(const std::string& name, Verdict verdict, const std::string& message = "") {
    for (const engine::Container& container : input.actual.containers) {
      if (container.id == name + "-id") input.memory.probed[name] = {container.id, container.started_at, verdict, message};
    }
  }

  Failure& failed(const std::string& target, Reason reason, const std::string& message = "said the engine") {
    return input.memory.failures[target] = {reason, message, 1, input.now + 5s, input.generation, input.now};
  }

  crd::Probe tcp_probe(int port = 5432) const {
    return crd::Probe{.action = crd::TcpAction{.port = static_cast<std::uint16_t>(port), .host = ""}};
  }

  // The status of this moment becomes the stored one.
  void store() { input.status = plan::status(input, plan::plan(input)); }
  crd::json status() const { return plan::status(input, plan::plan(input)); }

  // "StartContainer service/redis: created", one line an action.
  std::vector<std::string> steps() const {
    std::vector<std::string> lines;
    for (const Action& action : plan::plan(input).actions) {
      lines.push_back(std::string(to_string(action.kind)) + " " + action.target + ": " + action.cause);
    }
    return lines;
  }
  std::string first_reason() const {
    const auto actions = plan::plan(input).actions;
    return actions.empty() ? "" : actions.front().reason;
  }
  // Seconds since creation; -1 for never.
  long wakes() const {
    const auto wake = plan::plan(input).wake_at;
    return wake ? std::chrono::duration_cast<std::chrono::seconds>(*wake - input.created).count() : -1;
  }
};

using Steps = std::vector<std::string>;

}  // namespace berth::plan
