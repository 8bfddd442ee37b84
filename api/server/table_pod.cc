// Pods, as pkg/printers/internalversion of Kubernetes sums them up.
#include <optional>

#include "api/server/table_core.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

using crd::array_at;
using crd::flag_at;
using crd::number_at;
using crd::object_at;
using crd::text_at;

bool has_ready_condition(const json& status) {
  for (const json& condition : array_at(status, "conditions")) {
    if (text_at(condition, "type") == "Ready") return text_at(condition, "status") == "True";
  }
  return false;
}

std::string termination_reason(const json& terminated) {
  if (const auto reason = text_at(terminated, "reason"); !reason.empty()) return reason;
  if (const auto signal = number_at(terminated, "signal"); signal != 0) return "Signal:" + std::to_string(signal);
  return "ExitCode:" + std::to_string(number_at(terminated, "exitCode"));
}

struct PodSummary {
  std::string reason;
  std::int64_t ready = 0;
  std::int64_t restarts = 0;
  std::optional<base::SystemTime> last_restart;
  bool running = false;

  void add(const json& container) {
    restarts += number_at(container, "restartCount");
    const json& last = object_at(object_at(container, "lastState"), "terminated");
    if (const auto finished = base::parse_time(text_at(last, "finishedAt"))) {
      if (!last_restart || *finished > *last_restart) last_restart = finished;
    }
    const json& state = object_at(container, "state");
    const auto waiting = text_at(object_at(state, "waiting"), "reason");
    if (!waiting.empty()) {
      reason = waiting;
    } else if (state.contains("terminated")) {
      reason = termination_reason(object_at(state, "terminated"));
    } else if (flag_at(container, "ready") && state.contains("running")) {
      running = true;
      ++ready;
    }
  }
};

PodSummary summary_of(const Object& pod) {
  const json& status = pod.status();
  const auto phase = text_at(status, "phase");
  PodSummary summary;
  summary.reason = text_at(status, "reason").empty() ? phase : text_at(status, "reason");
  const json& containers = array_at(status, "containerStatuses");
  for (auto it = containers.rbegin(); it != containers.rend(); ++it) summary.add(*it);
  if (summary.reason == "Completed" && summary.running) {
    summary.reason = has_ready_condition(status) ? "Running" : "NotReady";
  }
  if (pod.deleting() && phase != "Succeeded" && phase != "Failed") summary.reason = "Terminating";
  return summary;
}

std::string restarts_cell(const PodSummary& summary, base::SystemTime now) {
  auto text = std::to_string(summary.restarts);
  if (summary.restarts == 0 || !summary.last_restart) return text;
  return text + " (" + base::human_duration(now - *summary.last_restart) + " ago)";
}

json pod_cells(const Object& pod, base::SystemTime now) {
  const auto summary = summary_of(pod);
  const auto total = array_at(pod.spec(), "containers").size();
  const auto ready = std::to_string(summary.ready) + "/" + std::to_string(total);
  auto gates = std::string();
  if (const auto count = array_at(pod.spec(), "readinessGates").size(); count > 0) gates = "0/" + std::to_string(count);
  return json::array({pod.name(), ready, summary.reason, restarts_cell(summary, now),
                      time_since(object_at(pod.body(), "metadata"), "creationTimestamp", now),
                      text_or_none(text_at(pod.status(), "podIP")), text_or_none(text_at(pod.spec(), "nodeName")),
                      text_or_none(text_at(pod.status(), "nominatedNodeName")), text_or_none(gates)});
}

}  // namespace

const CoreTable& pod_table() {
  static const CoreTable kTable = {
      {name_column(),
       {"Ready", "string", "The aggregate readiness state of this pod for accepting traffic."},
       {"Status", "string", "The aggregate status of the containers in this pod."},
       {"Restarts", "string",
        "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted."},
       {"Age", "string", std::string(kAgeDescription)},
       {"IP", "string",
        "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.", 1},
       {"Node", "string", "NodeName indicates in which node this pod is scheduled.", 1},
       {"Nominated Node", "string",
        "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away.", 1},
       {"Readiness Gates", "string", "If specified, all readiness gates will be evaluated for pod readiness.", 1}},
      pod_cells};
  return kTable;
}

}  // namespace berth::api
