#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/plan/environment_plan.h"
#include "controller/plan/lease_plan.h"
#include "controller/plan/names.h"

// A small engine and a small reconciler around plan(): operations take effect one by one, in any order, with any outcome; objects
// are damaged from outside; the process forgets. What the planner promises is checked by who uses it.
namespace berth::plan::model {

using base::SystemTime;
using engine::Container;
using engine::ContainerState;
using engine::Network;

inline constexpr const char* kInstance = "here";

inline SystemTime at(std::int64_t milliseconds) {
  return SystemTime(std::chrono::duration_cast<SystemTime::duration>(std::chrono::milliseconds(1'700'000'000'000 + milliseconds)));
}

// The engine, with what belongs to us and what does not.
struct Engine {
  std::map<std::string, Container> containers;
  std::map<std::string, Network> networks;
  std::set<std::uint16_t> foreign_ports;  // held by processes outside
  std::set<std::string> jobs;             // images that end with 0 at once
  int serial = 0;

  std::string next_id(const char* prefix) {
    const std::string number = std::to_string(++serial);
    return prefix + std::string(6 - std::min<std::size_t>(6, number.size()), '0') + number;
  }

  Result<void> create(const engine::ContainerSpec& spec, SystemTime now) {
    std::erase_if(containers, [&](const auto& item) { return item.second.name == spec.name; });  // settled by the executor
    Container made;
    made.id = next_id("c");
    made.name = spec.name;
    made.image = spec.image;
    made.labels = spec.labels;
    made.created = now;
    made.nano_cpus = spec.nano_cpus;
    made.memory_bytes = spec.memory_bytes;
    made.cpu_shares = spec.cpu_shares;
    made.ports = spec.ports;
    made.attachments = {{spec.network_name, "", ""}};
    containers[made.id] = made;
    return {};
  }

  const Network* network_of(const Container& container) const {
    for (const engine::Attachment& attachment : container.attachments) {
      for (const auto& [id, network] : networks) {
        if (attachment.network_id.empty() ? network.name == attachment.network_name : id == attachment.network_id) return &network;
      }
    }
    return nullptr;
  }

  Result<void> start(const std::string& id, SystemTime now) {
    const auto found = containers.find(id);
    if (found == containers.end()) return {};
    Container& container = found->second;
    if (container.running()) return {};
    const Network* network = network_of(container);
    if (!network) {
      container.error = "network not found";
      return base::error(Reason::NetworkMissing, container.error);
    }
    for (const engine::PortBinding& port : container.ports) {
      if (!port_is_free(port, id)) {
        container.error = "Bind for " + port.host_ip + ":" + std::to_string(port.host_port) + " failed: port is already allocated";
        return base::error(Reason::PortConflict, container.error);
      }
    }
    container.state = ContainerState::Running;
    container.started_at = now;
    container.exit_code = 0;
    container.attachments = {{network->name, network->id, "10.0.0.2"}};
    if (jobs.contains(container.image)) exit(container, 0, now);
    return {};
  }

  bool port_is_free(const engine::PortBinding& port, const std::string& except) const {
    if (foreign_ports.contains(port.host_port)) return false;
    return std::none_of(containers.begin(), containers.end(), [&](const auto& item) {
      const auto& ports = item.second.ports;
      return item.first != except && item.second.running() &&
             std::any_of(ports.begin(), ports.end(), [&](const auto& other) { return other.host_port == port.host_port; });
    });
  }

  static void exit(Container& container, int code, SystemTime now) {
    container.state = ContainerState::Exited;
    container.exit_code = code;
    container.finished_at = now;
    for (engine::Attachment& attachment : container.attachments) attachment.ip_address.clear();
  }

  Result<void> connect(const std::string& id, const std::string& network_id) {
    const auto network = networks.find(network_id);
    if (network == networks.end()) return base::error(Reason::NetworkMissing, "network " + network_id + " not found");
    const auto container = containers.find(id);
    if (container == containers.end()) return {};
    container->second.attachments = {{network->second.name, network_id, container->second.running() ? "10.0.0.3" : ""}};
    return {};
  }

  Result<void> create(const engine::NetworkSpec& spec) {
    for (const auto& [id, network] : networks) {
      if (std::find(network.subnets.begin(), network.subnets.end(), spec.subnet) == network.subnets.end()) continue;
      if (network.labels == spec.labels) return {};  // found again by the executor
      return base::error(Reason::SubnetConflict, "Pool overlaps with other one on this address space");
    }
    Network made;
    made.id = next_id("n");
    made.name = spec.name;
    made.labels = spec.labels;
    made.subnets = {spec.subnet};
    networks[made.id] = made;
    return {};
  }

  void remove_network(const std::string& id) {
    networks.erase(id);
    for (auto& [container_id, container] : containers) {
      if (!container.running()) continue;  // a stopped one keeps the id
      std::erase_if(container.attachments, [&](const engine::Attachment& attachment) { return attachment.network_id == id; });
    }
  }
};

// What all environments of a host share.
struct Host {
  Engine engine;
  PortAllocator ports{PortRange{30000, 30031}};
  SubnetAllocator subnets{*parse_subnet("10.213.0.0/22")};
};

enum class Outcome { Success, Failure, LostAnswer };

// One environment and the reconciler's memory of it.
struct Environment {
  Host& host;
  std::string name;
  std::string uid;
  crd::TestEnvironmentSpec spec;
  std::int64_t generation = 1;
  bool deleting = false;
  bool gone = false;            // finalized
  bool delete_requested = false;  // by DeleteObject
  SystemTime now = at(0);
  crd::json status = crd::json::object();
  Memory memory;
  std::vector<Action> flying;
  std::set<std::string> broken_probes;  // services that never answer
  int looks = 0;

  bool owns(const engine::Labels& labels) const {
    const auto has = labels.find(kUidLabel);
    const auto instance = labels.find(kInstanceLabel);
    return has != labels.end() && has->second == uid && instance != labels.end() && instance->second == kInstance;
  }

  Input input() const {
    Input in;
    in.instance = kInstance;
    in.ns = "ci";
    in.name = name;
    in.uid = uid;
    in.generation = generation;
    in.deleting = deleting;
    in.created = at(0);
    in.spec = spec;
    in.status = status;
    in.leases = leases_of(status);
    for (const auto& [id, container] : host.engine.containers) in.actual.containers.push_back(container);  // foreign ones too
    for (const auto& [id, network] : host.engine.networks) in.actual.networks.push_back(network);
    in.memory = memory;
    in.now = now;
    return in;
  }

  // One look: plan, commit the status, take off what may start, probe.
  // REQUIRES: `in` is input(), of now.
  Plan look(const Input& in) {
    ++looks;
    Plan next = plan(in);
    status = plan::status(in, next);
    for (const Action& action : next.actions) {
      if (action.kind == ActionKind::Finish) continue;  // that was the commit
      memory.busy.insert(action.target);
      flying.push_back(action);
    }
    for (const ProbeTarget& probe : next.probes) {
      const Verdict verdict = broken_probes.contains(probe.service) ? Verdict::NotReady : Verdict::Ready;
      memory.probed[probe.service] = {probe.container_id, probe.started_at, verdict, "refused"};
    }
    return next;
  }

  void land(std::size_t index, Outcome outcome, Reason reason = Reason::EngineUnavailable) {
    const Action action = flying.at(index);
    flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(index));
    Result<void> result;
    if (outcome != Outcome::Failure) result = apply(action);
    if (outcome == Outcome::Failure) result = base::error(reason, "on purpose");
    if (outcome == Outcome::LostAnswer && result) result = base::error(Reason::EngineUnavailable, "connection reset");
    memory.busy.erase(action.target);
    if (result) {
      memory.failures.erase(action.target);
    } else {
      remember(action, result.error());
    }
  }

  void remember(const Action& action, const Error& error) {
    const auto& target = action.target;
    const bool removing = is_removal(action.kind);
    const auto before = memory.failures.find(target);
    Failure failure{error.reason, error.message, 1, now, generation, now, removing};
    if (before != memory.failures.end() && before->second.removing == removing) {
      failure.attempts = before->second.attempts + 1;
      failure.since = before->second.since;
    }
    failure.retry_at = now + std::chrono::seconds(std::min(1 << std::min(failure.attempts, 5), 20));
    memory.failures[target] = failure;
  }

  Result<void> commit(const Result<Allocation>& allocation) {
    if (!allocation) return allocation.error();
    Input in = input();
    in.leases = allocation->leases;
    status = plan::status(in, {});
    return {};
  }

  static bool always_free(const PortKey&) { return true; }

  Result<void> apply(const Action& action) {
    Engine& engine = host.engine;
    switch (action.kind) {
      case ActionKind::Allocate: {
        Input in = input();
        in.memory.busy.erase(kEnvironmentTarget);
        return commit(allocate(in, host.ports, host.subnets, always_free));
      }
      case ActionKind::MovePort:
        return commit(move_port(input(), action.endpoint, host.ports, now + std::chrono::minutes(5), always_free));
      case ActionKind::MoveSubnet:
        return commit(move_subnet(input(), host.subnets, now + std::chrono::minutes(5)));
      case ActionKind::CreateNetwork: return engine.create(*action.network);
      case ActionKind::RemoveNetwork: engine.remove_network(action.network_id); return {};
      case ActionKind::ConnectContainer: return engine.connect(action.container_id, action.network_id);
      case ActionKind::CreateContainer: return engine.create(*action.container, now);
      case ActionKind::StartContainer: return engine.start(action.container_id, now);
      case ActionKind::RemoveContainer:
        engine.containers.erase(action.container_id);
        return {};
      case ActionKind::UpdateContainer: {
        const auto found = engine.containers.find(action.container_id);
        if (found == engine.containers.end()) return {};
        if (action.nano_cpus != 0) found->second.nano_cpus = action.nano_cpus;
        if (action.memory_bytes != 0) found->second.memory_bytes = action.memory_bytes;
        if (action.cpu_shares != 0) found->second.cpu_shares = action.cpu_shares;
        return {};
      }
      case ActionKind::CollectLogs: memory.last_logs[action.service] = "line one\nline two\n"; return {};
      case ActionKind::Finish: return {};
      case ActionKind::Finalize:
        host.ports.release_all(uid);
        host.subnets.release(uid);
        gone = true;
        return {};
      case ActionKind::DeleteObject: delete_requested = deleting = true; return {};
    }
    return {};
  }

  std::string phase() const { return status.value("phase", ""); }

  std::vector<const Container*> containers_of(const std::string& service) const {
    std::vector<const Container*> found;
    for (const auto& [id, container] : host.engine.containers) {
      const auto label = container.labels.find(kServiceLabel);
      if (owns(container.labels) && label != container.labels.end() && label->second == service) found.push_back(&container);
    }
    return found;
  }
  bool engine_is_empty() const {
    const auto mine = [&](const auto& item) { return owns(item.second.labels); };
    return std::none_of(host.engine.containers.begin(), host.engine.containers.end(), mine) &&
           std::none_of(host.engine.networks.begin(), host.engine.networks.end(), mine);
  }
};

}  // namespace berth::plan::model
