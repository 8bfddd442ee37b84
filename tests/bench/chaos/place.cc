#include "tests/bench/chaos/place.h"

namespace berth::chaos {

namespace {

std::string label_of(const std::map<std::string, std::string>& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? "" : found->second;
}

}  // namespace

std::string SeenContainer::label(const char* key) const { return label_of(labels, key); }
std::string SeenNetwork::label(const char* key) const { return label_of(labels, key); }

std::map<std::string, std::string> texts(const json& object) {
  std::map<std::string, std::string> all;
  if (!object.is_object()) return all;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) all[key] = value.get<std::string>();
  }
  return all;
}

json object_at(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_object() ? object[key] : json::object();
}

void read_places(const json& networks, const json& ports, SeenContainer& seen) {
  if (networks.is_object()) {
    for (const auto& [name, attached] : networks.items()) seen.networks[name] = attached.value("NetworkID", "");
  }
  if (!ports.is_array()) return;
  for (const auto& port : ports) {
    if (port.contains("PublicPort")) seen.ports.push_back(port.value("IP", "") + ":" + std::to_string(port["PublicPort"].get<int>()));
  }
}

SeenNetwork seen_network(const json& item) {
  SeenNetwork seen;
  seen.id = item.value("Id", "");
  seen.name = item.value("Name", "");
  seen.labels = texts(item.value("Labels", json()));
  const auto configs = object_at(item, "IPAM").value("Config", json());
  if (configs.is_array() && !configs.empty()) seen.subnet = configs[0].value("Subnet", "");
  return seen;
}

}  // namespace berth::chaos
