#include "controller/reconcile/status_events.h"

namespace berth::reconcile {

namespace {

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const json& services(const json& status) {
  static const json none = json::array();
  const auto found = status.find("services");
  return found != status.end() && found->is_array() ? *found : none;
}

json service_named(const json& status, const std::string& name) {
  for (const auto& service : services(status)) {
    if (text(service, "name") == name) return service;
  }
  return json::object();
}

std::string not_ready(const json& status) {
  std::string names;
  for (const auto& service : services(status)) {
    if (flag(service, "ready") || text(service, "state") == "Completed") continue;
    names += (names.empty() ? "" : "; ") + text(service, "name") + ": " + text(service, "message");
  }
  return names;
}

}  // namespace

std::vector<Announcement> announcements(const json& before, const json& after) {
  std::vector<Announcement> out;
  for (const auto& service : services(after)) {
    const auto name = text(service, "name");
    const auto old = service_named(before, name);
    if (flag(old, "ready") && text(service, "reason") == "ProbeFailed") {
      out.push_back({true, "Unhealthy", "Service " + name + " " + text(service, "message")});
    }
    const bool waits = text(service, "state") == "Restarting" && text(service, "message").find("again at") != std::string::npos;
    if (waits && text(old, "state") != "Restarting") {
      out.push_back({true, "BackOff", "Service " + name + " keeps ending: " + text(service, "message")});
    }
  }
  const auto was = text(before, "phase");
  const auto is = text(after, "phase");
  if (is == "Ready" && was != "Ready") out.push_back({false, "Ready", "Every service is ready"});
  if (is == "Degraded" && was == "Ready") out.push_back({true, "Degraded", "Not ready any more: " + not_ready(after)});
  return out;
}

}  // namespace berth::reconcile
