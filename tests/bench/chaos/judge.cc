#include "tests/bench/chaos/judge.h"

#include <algorithm>

#include "controller/plan/names.h"

namespace berth::chaos {

namespace {

constexpr auto kTwinsMayRun = std::chrono::seconds(2);

std::string text_of(const json& object, const char* key) { return object.is_object() ? object.value(key, "") : ""; }
json status_of(const json& environment) { return object_at(environment, "status"); }

std::vector<std::string> leased_ports(const json& environment) {
  std::vector<std::string> ports;
  const auto services = status_of(environment).value("services", json::array());
  for (const auto& service : services) {
    const auto leases = service.value("ports", json::array());
    for (const auto& port : leases) {
      if (port.value("hostPort", 0) != 0) ports.push_back(port.value("hostIP", "") + ":" + std::to_string(port.value("hostPort", 0)) + "/" + port.value("protocol", "TCP"));
    }
  }
  return ports;
}

bool belongs_to(const std::map<std::string, std::string>& labels, int slot, const std::string& instance) {
  const auto value = [&](const char* key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
  };
  return value(plan::kInstanceLabel) == instance && value(plan::kEnvironmentLabel) == name_of(slot);
}

std::string wrong_status(const Wish& wish, const json& environment) {
  const auto& metadata = environment["metadata"];
  const auto status = status_of(environment);
  if (metadata.contains("deletionTimestamp")) return "is being deleted: " + status.dump();
  if (version_of(environment) != wish.version) return "has version " + std::to_string(version_of(environment)) + ", wished is " + std::to_string(wish.version);
  if (status.value("observedGeneration", 0) != metadata.value("generation", 0)) return "observedGeneration is behind: " + status.dump();
  if (text_of(status, "phase") != "Ready") return "is " + text_of(status, "phase") + " " + text_of(status, "reason") + ": " + text_of(status, "message");
  if (leased_ports(environment).size() != static_cast<std::size_t>(wish.port_count())) return "has " + std::to_string(leased_ports(environment).size()) + " ports of " + std::to_string(wish.port_count());
  return "";
}

std::string wrong_container(const WishedService& wished, const SeenContainer& container, const SeenNetwork& network) {
  if (!container.running()) return container.name + " is " + container.state;
  if (container.networks.size() != 1 || container.networks.begin()->second != network.id) {
    return container.name + " is not on " + network.name + " (alone): " + json(container.networks).dump();
  }
  std::set<std::string> published(container.ports.begin(), container.ports.end());
  if (published.size() != static_cast<std::size_t>(wished.ports)) return container.name + " publishes " + json(published).dump();
  return "";
}

}  // namespace

std::string wrong(int slot, const Wish& wish, const View& view, const std::string& instance) {
  const auto name = name_of(slot);
  std::vector<const SeenContainer*> containers;
  std::vector<const SeenNetwork*> networks;
  for (const auto& each : view.engine.containers) {
    if (belongs_to(each.labels, slot, instance)) containers.push_back(&each);
  }
  for (const auto& each : view.engine.networks) {
    if (belongs_to(each.labels, slot, instance)) networks.push_back(&each);
  }
  const auto found = view.environments.find(name);
  if (!wish.there) {
    if (found != view.environments.end()) return name + " is not gone: " + status_of(found->second).dump();
    if (!containers.empty()) return name + " is gone, container " + containers[0]->name + " is not";
    if (!networks.empty()) return name + " is gone, network " + networks[0]->name + " is not";
    return "";
  }
  if (found == view.environments.end()) return name + " is not there";
  if (auto why = wrong_status(wish, found->second); !why.empty()) return name + " " + why;
  const auto uid = text_of(found->second["metadata"], "uid");
  if (networks.size() != 1) return name + " has " + std::to_string(networks.size()) + " networks";
  if (networks[0]->label(plan::kUidLabel) != uid) return name + " has the network of another uid: " + networks[0]->name;
  if (networks[0]->subnet != text_of(status_of(found->second).value("network", json()), "subnet")) return name + "'s network has subnet " + networks[0]->subnet;
  if (containers.size() != wish.services.size()) return name + " has " + std::to_string(containers.size()) + " containers of " + std::to_string(wish.services.size());
  for (const auto& wished : wish.services) {
    const SeenContainer* own = nullptr;
    for (const auto* each : containers) {
      if (each->label(plan::kServiceLabel) == wished.name && each->label(plan::kUidLabel) == uid) own = each;
    }
    if (!own) return name + " has no container of " + wished.name;
    if (auto why = wrong_container(wished, *own, *networks[0]); !why.empty()) return why;
  }
  return "";
}

std::string wrong_inside(int slot, const Wish& wish, const View& view, Place& place) {
  if (!wish.there) return "";
  const auto services = status_of(view.environments.at(name_of(slot))).value("services", json::array());
  for (const auto& wished : wish.services) {
    for (const auto& service : services) {
      if (service.value("name", "") != wished.name) continue;
      const auto container = place.container(service.value("containerID", ""));
      if (!container.is_object() || !container.contains("Config")) return name_of(slot) + "/" + wished.name + ": its container cannot be inspected";
      const auto variables = object_at(container, "Config").value("Env", json::array());
      const auto greeting = "GREETING=" + std::to_string(wished.greeting);
      if (std::find(variables.begin(), variables.end(), json(greeting)) == variables.end()) return name_of(slot) + "/" + wished.name + ": no " + greeting + " in " + variables.dump();
      const auto memory = object_at(container, "HostConfig").value("Memory", std::int64_t{0});
      if (memory != std::int64_t{wished.memory_mib} << 20) return name_of(slot) + "/" + wished.name + ": memory is " + std::to_string(memory);
      const auto leases = service.value("ports", json::array());
      for (const auto& lease : leases) {
        const auto key = std::to_string(lease.value("containerPort", 0)) + "/tcp";
        const auto bindings = object_at(object_at(container, "NetworkSettings"), "Ports").value(key, json());
        if (!bindings.is_array() || bindings.empty() || bindings[0].value("HostPort", "") != std::to_string(lease.value("hostPort", 0))) {
          return name_of(slot) + "/" + wished.name + ": " + key + " is published as " + bindings.dump() + ", leased is " + lease.dump();
        }
      }
    }
  }
  return "";
}

std::vector<std::string> Collisions::look(const View& view) {
  std::vector<std::string> found;
  leases(view, found);
  published(view, found);
  strangers(view, found);
  twins(view, found);
  std::erase_if(found, [&](const std::string& each) { return !told_.insert(each).second; });
  return found;
}

// One list is of one revision: what two statuses in it hold, they hold at once.
void Collisions::leases(const View& view, std::vector<std::string>& found) const {
  std::map<std::string, std::string> holders;
  const auto hold = [&](const std::string& what, const std::string& who) {
    const auto [at, is_new] = holders.emplace(what, who);
    if (!is_new) found.push_back(at->second + " and " + who + " both hold " + what);
  };
  for (const auto& [name, environment] : view.environments) {
    const auto subnet = text_of(status_of(environment).value("network", json()), "subnet");
    if (!subnet.empty()) hold("subnet " + subnet, name);
    for (const auto& port : leased_ports(environment)) hold("port " + port, name);
  }
}

void Collisions::published(const View& view, std::vector<std::string>& found) const {
  std::map<std::string, std::string> holders;
  for (const auto& container : view.engine.containers) {
    if (!container.running()) continue;
    for (const auto& port : container.ports) {
      const auto [at, is_new] = holders.emplace(port, container.name);
      if (!is_new && at->second != container.name) found.push_back(at->second + " and " + container.name + " both publish " + port);
    }
  }
}

void Collisions::strangers(const View& view, std::vector<std::string>& found) const {
  std::map<std::string, const SeenNetwork*> networks;
  for (const auto& network : view.engine.networks) networks[network.id] = &network;
  for (const auto& container : view.engine.containers) {
    if (container.label(plan::kInstanceLabel) != instance_) continue;
    for (const auto& [name, id] : container.networks) {
      const auto at = networks.find(id);
      if (at == networks.end() || at->second->label(plan::kUidLabel) == container.label(plan::kUidLabel)) continue;
      found.push_back(container.name + " is on the network of another: " + name);
    }
  }
}

void Collisions::twins(const View& view, std::vector<std::string>& found) {
  std::map<std::string, int> running;
  for (const auto& container : view.engine.containers) {
    if (container.label(plan::kInstanceLabel) != instance_ || !container.running()) continue;
    ++running[container.label(plan::kUidLabel) + "/" + container.label(plan::kServiceLabel)];
  }
  std::erase_if(running, [](const auto& each) { return each.second < 2; });
  std::erase_if(twins_, [&](const auto& each) { return !running.contains(each.first); });
  for (const auto& [service, count] : running) {
    if (view.at - twins_.emplace(service, view.at).first->second > kTwinsMayRun) found.push_back("two containers run for " + service);
  }
}

}  // namespace berth::chaos
