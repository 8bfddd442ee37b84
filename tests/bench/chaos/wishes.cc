#include "tests/bench/chaos/wishes.h"

#include <cstdlib>

namespace berth::chaos {

int Wish::port_count() const {
  int all = 0;
  for (const auto& service : services) all += service.ports;
  return all;
}

std::string name_of(int slot) { return "e" + std::to_string(slot); }

int version_of(const json& object) {
  if (!object.is_object() || !object.contains("metadata")) return 0;
  return std::atoi(object["metadata"].value("annotations", json::object()).value(kVersionKey, "0").c_str());
}

json manifest_of(int slot, const Wish& wish, const std::string& image) {
  json services = json::array();
  for (std::size_t i = 0; i < wish.services.size(); ++i) {
    const auto& wished = wish.services[i];
    json service = json::object();
    service["name"] = wished.name;
    service["image"] = image;
    service["command"] = {"sleep", "2147483647"};
    service["env"] = json::array({{{"name", "GREETING"}, {"value", std::to_string(wished.greeting)}}});
    service["resources"]["limits"]["memory"] = std::to_string(wished.memory_mib) + "Mi";
    for (int port = 0; port < wished.ports; ++port) {
      service["ports"].push_back({{"name", "p" + std::to_string(port)}, {"containerPort", 8080 + port}});
    }
    if (wished.waits && i > 0) {
      service["dependsOn"] = json::array({{{"service", wish.services[i - 1].name}, {"condition", "Ready"}}});
    }
    services.push_back(std::move(service));
  }
  json manifest = {{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}};
  manifest["metadata"] = {{"name", name_of(slot)}, {"namespace", kNamespace}};
  manifest["metadata"]["annotations"][kVersionKey] = std::to_string(wish.version);
  manifest["spec"]["services"] = std::move(services);
  return manifest;
}

}  // namespace berth::chaos
