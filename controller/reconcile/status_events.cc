#include "controller/reconcile/status_events.h"

#include "crd/fields.h"

namespace berth::reconcile {

namespace {

using crd::array_at;
using crd::flag_at;
using crd::text_at;

json service_named(const json& status, const std::string& name) {
  for (const auto& service : array_at(status, "services")) {
    if (text_at(service, "name") == name) return service;
  }
  return json::object();
}

std::string not_ready(const json& status) {
  std::string names;
  for (const auto& service : array_at(status, "services")) {
    if (flag_at(service, "ready") || text_at(service, "state") == "Completed") continue;
    const auto message = text_at(service, "message");  // none: the spec does not have it any more
    names += (names.empty() ? "" : "; ") + text_at(service, "name") + ": " + (message.empty() ? "is being removed" : message);
  }
  return names;
}

// Of "exited with code 7, restarted 3 times, again at ...": without what differs from one to the next, so that its Event is counted.
std::string cause_of(const std::string& message) { return message.substr(0, message.find(", ")); }

}  // namespace

std::vector<Announcement> announcements(const json& before, const json& after) {
  std::vector<Announcement> out;
  for (const auto& service : array_at(after, "services")) {
    const auto name = text_at(service, "name");
    const auto old = service_named(before, name);
    if (flag_at(old, "ready") && text_at(service, "reason") == "ProbeFailed") {
      out.push_back({true, "Unhealthy", "Service " + name + " " + text_at(service, "message")});
    }
    const bool waits = text_at(service, "state") == "Restarting" && text_at(service, "message").find("again at") != std::string::npos;
    if (waits && text_at(old, "state") != "Restarting") {
      out.push_back({true, "BackOff", "Service " + name + " keeps ending: " + cause_of(text_at(service, "message"))});
    }
  }
  const auto was = text_at(before, "phase");
  const auto is = text_at(after, "phase");
  if (is == "Ready" && was != "Ready") out.push_back({false, "Ready", "Every service is ready"});
  if (is == "Degraded" && was == "Ready") out.push_back({true, "Degraded", "Not ready any more: " + not_ready(after)});
  return out;
}

}  // namespace berth::reconcile
