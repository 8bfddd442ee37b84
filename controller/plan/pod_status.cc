#include <map>

#include "controller/plan/facts.h"
#include "controller/plan/pod.h"
#include "crd/fields.h"

namespace berth::plan {

namespace {

using crd::array_at;
using crd::json;
using crd::number_at;
using crd::object_at;
using crd::text_at;

constexpr const char* kCreating = "ContainerCreating";

// What a pod comes to, before it is written down.
struct PodView {
  std::string phase = "Pending";
  json state;  // of its container
  bool ready = false;
  bool started = false;      // its container runs
  bool made = true;          // there is a container that ran
  bool scheduled = false;
  std::string reason;        // of the whole pod
  std::string message;
};

// metav1.Time has whole seconds; "" when there is none.
std::string pod_time(const json& object, const char* key) {
  const auto time = base::parse_time(text_at(object, key));
  return time ? base::format_time(*time) : "";
}

void put_text(json& object, const char* key, std::string value) {
  if (!value.empty()) object[key] = std::move(value);
}

json waiting(const std::string& reason, const std::string& message) {
  json inner = {{"reason", reason}};
  put_text(inner, "message", message);
  return {{"waiting", std::move(inner)}};
}

std::string container_id(const json& status) {
  const std::string id = text_at(status, "containerID");
  return id.empty() ? "" : "docker://" + id;
}

json terminated(const json& end, const json& status) {
  const std::int64_t code = number_at(end, "exitCode");
  const bool out_of_memory = text_at(end, "reason") == "OOMKilled";
  json inner = {{"exitCode", code}, {"reason", out_of_memory ? "OOMKilled" : code == 0 ? "Completed" : "Error"}};
  for (const char* key : {"startedAt", "finishedAt"}) put_text(inner, key, pod_time(end, key));
  put_text(inner, "containerID", container_id(status));
  return {{"terminated", std::move(inner)}};
}

// The word that kubectl's users know for why a container is not there yet.
std::string word_for(const std::string& reason) {
  static const std::map<std::string, std::string, std::less<>> kWords = {
      {"ImageNotFound", "ErrImagePull"},          {"ImagePullFailed", "ErrImagePull"},
      {"PullRateLimited", "ErrImagePull"},        {"InvalidSpec", "CreateContainerConfigError"},
      {"CommandNotFound", "RunContainerError"},   {"PortConflict", "RunContainerError"},
      {"EngineError", "CreateContainerError"},    {"NameConflict", "CreateContainerError"},
      {"DependencyFailed", "DependencyFailed"},   {"DiskPressure", "CreateContainerError"}};
  const auto word = kWords.find(reason);
  return word == kWords.end() ? kCreating : word->second;
}

std::string condition_message(const json& status, std::string_view type) {
  for (const json& condition : array_at(status, "conditions")) {
    if (text_at(condition, "type") == type) return text_at(condition, "message");
  }
  return "";
}

// The container of an environment that has ended, and that was taken away with it.
PodView ended_with_environment(const json& environment, const json& status) {
  PodView view{.phase = "Failed", .reason = text_at(environment, "phase"), .message = text_at(environment, "message")};
  json end = status;
  if (!end.contains("exitCode")) end["exitCode"] = 137;
  view.state = terminated(end, status);
  return view;
}

PodView look_at_container(const json& environment, const json& status) {
  const std::string state = text_at(status, "state");
  const std::string phase = text_at(environment, "phase");
  const std::string message = text_at(status, "message");
  const bool over = is_over(environment);
  PodView view;
  if (state == "Completed") {
    view = {.phase = "Succeeded", .state = terminated(status, status)};
  } else if (state == "Failed") {
    view = {.phase = "Failed", .state = terminated(status, status)};
  } else if (over && text_at(status, "containerID").empty()) {
    view = ended_with_environment(environment, status);
  } else if (state == "Running") {
    view = {.phase = "Running", .ready = crd::flag_at(status, "ready"), .started = true};
    view.state = {{"running", {{"startedAt", pod_time(status, "startedAt")}}}};
  } else if (state == "Restarting") {
    view = {.phase = "Running", .state = waiting("CrashLoopBackOff", message)};
  } else if (state == "Removing" && phase == "Terminating") {
    view = {.phase = "Running", .state = waiting("Terminating", "its environment is being deleted")};
  } else if (state == "Broken") {
    view = {.phase = "Running", .state = waiting("ContainerStatusUnknown", message)};
  } else {
    // What it waits for changes often, and is in the environment's status: only what is wrong is told here too.
    const std::string reason = word_for(text_at(status, "reason"));
    if (reason != kCreating) view.message = message;
    view.state = waiting(reason, view.message);
    view.made = false;
  }
  return view;
}

// A condition whose status did not change keeps its time.
json pod_condition(const json& before, const std::string& type, bool holds, const std::string& reason, const std::string& message,
                   const std::string& now) {
  json out = {{"type", type}, {"status", holds ? "True" : "False"}, {"lastProbeTime", nullptr}, {"lastTransitionTime", now}};
  put_text(out, "reason", reason);
  put_text(out, "message", message);
  for (const json& old : array_at(before, "conditions")) {
    if (text_at(old, "type") != type || text_at(old, "status") != text_at(out, "status")) continue;
    out["lastTransitionTime"] = old.value("lastTransitionTime", now);
  }
  return out;
}

json pod_conditions(const PodView& view, const std::string& name, const json& before, base::SystemTime now_time,
                    const std::string& unscheduled) {
  const std::string now = base::format_time(now_time);
  json conditions = json::array();
  if (view.scheduled) {
    std::string reason;
    std::string message;
    if (!view.ready) {
      reason = view.phase == "Succeeded" ? "PodCompleted" : view.phase == "Failed" ? "PodFailed" : "ContainersNotReady";
      if (reason == "ContainersNotReady") message = "containers with unready status: [" + name + "]";
    }
    conditions.push_back(pod_condition(before, "Initialized", true, view.phase == "Succeeded" ? "PodCompleted" : "", "", now));
    conditions.push_back(pod_condition(before, "Ready", view.ready, reason, message, now));
    conditions.push_back(pod_condition(before, "ContainersReady", view.ready, reason, message, now));
  }
  const bool wait = !view.scheduled;
  conditions.push_back(pod_condition(before, "PodScheduled", view.scheduled, wait ? "Unschedulable" : "", wait ? unscheduled : "", now));
  return conditions;
}

json container_status(const PodView& view, const json& service, const json& status) {
  json last = json::object();
  if (text_at(status, "state") == "Restarting") {
    last = terminated(status, status);
  } else if (const json& end = object_at(status, "lastTermination"); !end.empty()) {
    last = terminated(end, status);
  }
  const std::string image_id = view.made ? text_at(status, "imageID") : "";
  json out = {{"name", text_at(service, "name")},
              {"image", text_at(service, "image")},
              {"imageID", image_id.empty() ? "" : "docker://" + image_id},
              {"ready", view.ready},
              {"started", view.started},
              {"restartCount", number_at(status, "restartCount")},
              {"state", view.state},
              {"lastState", std::move(last)}};
  if (view.made) put_text(out, "containerID", container_id(status));
  return out;
}

}  // namespace

std::string waiting_reason(const json& service_status) { return word_for(text_at(service_status, "reason")); }

json pod_status(const crd::Object& environment, const json& service, const PodHost& host, const json& before, base::SystemTime now) {
  const std::string name = text_at(service, "name");
  json status = json::object();
  for (const json& entry : array_at(environment.status(), "services")) {
    if (text_at(entry, "name") == name) status = entry;
  }
  PodView view = look_at_container(environment.status(), status);
  view.scheduled = environment.status().contains("scheduledTime");
  json out = {{"phase", view.phase},
              {"conditions", pod_conditions(view, name, before, now, condition_message(environment.status(), "Scheduled"))}};
  put_text(out, "reason", view.reason);
  put_text(out, "message", view.message);
  if (!view.scheduled) return out;
  out["hostIP"] = host.address;
  out["startTime"] = pod_time(environment.status(), "scheduledTime");
  if (const std::string ip = text_at(status, "ipAddress"); !ip.empty()) {
    out["podIP"] = ip;
    out["podIPs"] = json::array({json{{"ip", ip}}});
  }
  out["containerStatuses"] = json::array({container_status(view, service, status)});
  return out;
}

}  // namespace berth::plan
