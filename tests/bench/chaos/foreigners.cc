#include <algorithm>

#include "controller/plan/names.h"
#include "tests/bench/chaos/judge.h"

namespace berth::chaos {

namespace {

// The engine makes these at each of its starts.
bool is_builtin(const std::string& network) { return network == "bridge" || network == "host" || network == "none"; }

// Nothing is written in several ways, and the gateway of a network is told only once it was loaded again.
json in_one_form(json object) {
  if (object.contains("HostConfig")) {
    for (const char* key : {"Dns", "DnsOptions", "DnsSearch"}) {
      if (object["HostConfig"].contains(key) && object["HostConfig"][key].empty()) object["HostConfig"].erase(key);
    }
  }
  if (object.contains("IPAM") && object["IPAM"]["Config"].is_array()) {
    for (auto& config : object["IPAM"]["Config"]) config.erase("Gateway");
  }
  return object;
}

}  // namespace

bool Foreigners::is_ours(const std::map<std::string, std::string>& labels) const {
  const auto found = labels.find(plan::kInstanceLabel);
  return found != labels.end() && found->second == instance_;
}

// What its engine changes by itself is left out, and of a loose one its networks too.
json Foreigners::inside(const std::string& id, bool container, bool loose) const {
  auto object = container ? place_.container(id) : place_.network(id);
  if (!object.is_object() || object.contains("message")) return json();
  if (!container) {
    object.erase("Containers");
    return in_one_form(std::move(object));
  }
  for (const char* key : {"ExecIDs", "RestartCount", "ResolvConfPath", "HostnamePath", "HostsPath"}) object.erase(key);
  for (const char* key : {"Pid", "StartedAt", "FinishedAt", "Health", "ExitCode", "Error"}) object["State"].erase(key);
  if (object.contains("Mounts") && object["Mounts"].is_array()) {
    std::sort(object["Mounts"].begin(), object["Mounts"].end(), [](const json& a, const json& b) { return a.value("Destination", "") < b.value("Destination", ""); });
  }
  if (loose) object.erase("NetworkSettings");
  return in_one_form(std::move(object));
}

void Foreigners::remember(const SeenEngine& engine) {
  for (const auto& each : engine.containers) containers_[each.id] = {each.name, inside(each.id, true, false), false, false};
  for (const auto& each : engine.networks) {
    if (!is_builtin(each.name)) networks_[each.id] = {each.name, inside(each.id, false, false), false, false};
  }
  volumes_ = {engine.volumes.begin(), engine.volumes.end()};
}

void Foreigners::made_container(const std::string& name, bool on_a_network_that_goes) { new_containers_.emplace_back(name, on_a_network_that_goes); }
void Foreigners::made_network(const std::string& name) { new_networks_.push_back(name); }

std::vector<std::string> Foreigners::look(const SeenEngine& engine, bool inspect) {
  std::vector<std::string> found;
  std::map<std::string, const SeenContainer*> containers;
  std::map<std::string, const SeenNetwork*> networks;
  for (const auto& each : engine.containers) {
    containers[each.id] = &each;
    const auto at = std::find_if(new_containers_.begin(), new_containers_.end(), [&](const auto& made) { return made.first == each.name; });
    if (at == new_containers_.end()) continue;
    containers_[each.id] = {each.name, json(), at->second, true};
    new_containers_.erase(at);
  }
  for (const auto& each : engine.networks) {
    networks[each.id] = &each;
    const auto at = std::find(new_networks_.begin(), new_networks_.end(), each.name);
    if (at == new_networks_.end()) continue;
    networks_[each.id] = {each.name, json(), false, true};
    new_networks_.erase(at);
  }
  for (auto& [id, known] : containers_) {
    const auto at = containers.find(id);
    if (at == containers.end()) {
      found.push_back("container " + known.name + " is gone");
    } else if (at->second->name != known.name) {
      found.push_back("container " + known.name + " is called " + at->second->name);
    }
  }
  for (auto& [id, known] : networks_) {
    if (!networks.contains(id)) found.push_back("network " + known.name + " is gone");
  }
  for (const auto& name : volumes_) {
    if (std::find(engine.volumes.begin(), engine.volumes.end(), name) == engine.volumes.end()) found.push_back("volume " + name + " is gone");
  }
  for (auto* all : {&containers_, &networks_}) {
    if (!inspect) break;
    for (auto& [id, known] : *all) {
      auto is = inside(id, all == &containers_, known.loose);
      if (is.is_null()) continue;
      const auto compared = [&](json object) {
        if (restarted_) object.erase("State");
        if (restarted_) object.erase("NetworkSettings");
        return object;
      };
      const auto was = known.inspected.is_null() ? json() : compared(known.inspected);
      if (!was.is_null() && was != compared(is)) found.push_back(known.name + " has changed: " + json::diff(was, compared(is)).dump());
      known.inspected = std::move(is);
    }
  }
  if (inspect) restarted_ = false;
  std::erase_if(found, [&](const std::string& each) { return !told_.insert(each).second; });
  return found;
}

std::vector<std::string> Foreigners::left_behind(const SeenEngine& engine) const {
  std::vector<std::string> left;
  for (const auto& each : engine.containers) {
    if (!containers_.contains(each.id)) left.push_back("container " + each.name + " (" + each.state + ") " + json(each.labels).dump());
  }
  for (const auto& each : engine.networks) {
    if (!networks_.contains(each.id) && !is_builtin(each.name)) left.push_back("network " + each.name + " " + json(each.labels).dump());
  }
  for (const auto& name : engine.volumes) {
    if (!volumes_.contains(name)) left.push_back("volume " + name);
  }
  return left;
}

void Foreigners::remove_made() {
  for (const auto& [id, known] : containers_) {
    if (known.made) place_.remove(known.name);
  }
  for (const auto& [id, known] : networks_) {
    if (known.made) place_.remove_network(id);
  }
  std::erase_if(containers_, [](const auto& each) { return each.second.made; });
  std::erase_if(networks_, [](const auto& each) { return each.second.made; });
}

}  // namespace berth::chaos
