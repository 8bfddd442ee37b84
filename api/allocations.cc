#include "api/allocations.h"

#include "crd/fields.h"

namespace berth::api {

namespace {

// nullptr when there is no service of that name.
json* find_service(json& services, const json& name) {
  for (json& service : services) {
    if (service.is_object() && service.value("name", json()) == name) return &service;
  }
  return nullptr;
}

void keep_ports(json& status, const json& stored) {
  const json* stored_services = crd::member(stored, "services");
  if (json* services = const_cast<json*>(crd::member(status, "services")); services && services->is_array()) {
    for (json& service : *services) {
      if (service.is_object()) service.erase("ports");
    }
  }
  if (!stored_services || !stored_services->is_array()) return;
  for (const json& service : *stored_services) {
    const json* ports = crd::member(service, "ports");
    if (!ports) continue;
    json& services = status["services"];
    if (!services.is_array()) services = json::array();
    if (json* found = find_service(services, service.value("name", json()))) {
      (*found)["ports"] = *ports;
    } else {
      services.push_back(service);
    }
  }
}

}  // namespace

void keep_allocations(json& status, const json& stored) {
  if (!status.is_object()) status = json::object();
  for (const char* key : {"network", "endpoints", "env"}) {
    status.erase(key);
    if (const json* value = crd::member(stored, key)) status[key] = *value;
  }
  keep_ports(status, stored);
}

}  // namespace berth::api
