#include "controller/plan/explain.h"

#include <algorithm>

namespace berth::plan {

namespace {

constexpr std::size_t kLogBytes = 1000;
constexpr int kLogLines = 5;

std::string in_words(crd::DependencyCondition condition) {
  switch (condition) {
    case crd::DependencyCondition::Started: return "started";
    case crd::DependencyCondition::Ready: return "ready";
    case crd::DependencyCondition::Completed: return "completed";
  }
  return "";
}

bool is_to_start(ServiceState state) {
  return state == ServiceState::Missing || state == ServiceState::Created || state == ServiceState::Exited;
}

Explanation explain_waiting(const World& world, const ServiceView& service) {
  const crd::Dependency* dependency = unsatisfied(world, service);
  if (!dependency) return {"", "is being started"};
  const ServiceView& other = *world.find(dependency->service);
  if (other.state == ServiceState::Failed || (other.state == ServiceState::Completed && other.current)) {
    return {std::string(to_string(Reason::DependencyFailed)),
            other.spec->name + " " + describe_exit(*other.container) + " and will never be " + in_words(dependency->condition)};
  }
  std::string message = "waits until " + other.spec->name + " is " + in_words(dependency->condition);
  if (dependency->condition == crd::DependencyCondition::Completed && other.spec->restart_policy == crd::RestartPolicy::Always) {
    message += ", which it never is: its restartPolicy is Always";
  }
  return {"", message};
}

Explanation explain_missing(const World& world, const ServiceView& service) {
  if (service.held) return {"", "waits for its ports"};
  if (!world.network) return {"", "waits for the network"};
  return {"", "its container is being created"};
}

Explanation explain_exited(const ServiceView& service) {
  Explanation out{std::string(to_string(exit_reason(*service.container))), describe_exit(*service.container)};
  if (service.state == ServiceState::Failed) return out;
  if (service.record.restart_count > 0) out.message += ", restarted " + std::to_string(service.record.restart_count) + " times";
  const base::SystemTime due = restart_due(service);
  if (due != base::SystemTime{}) out.message += ", again at " + base::format_time(due);
  return out;
}

Explanation explain_running(const ServiceView& service) {
  if (!service.attached) return {"", "is not connected to its network"};
  if (service.probe_failed) {
    return {std::string(to_string(Reason::ProbeFailed)), "readiness probe failed: " + clean(service.probe_message)};
  }
  const std::string last = service.probe_message.empty() ? "" : ": " + clean(service.probe_message);
  return {"", "has not answered its readiness probe yet" + last};
}

std::string last_lines(const std::string& logs) {
  std::string text = logs;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  std::size_t start = text.size();
  for (int line = 0; line < kLogLines && start != std::string::npos && start > 0; ++line) start = text.rfind('\n', start - 1);
  if (start != std::string::npos && start > 0) text.erase(0, start + 1);
  if (text.size() > kLogBytes) text.erase(0, text.size() - kLogBytes);
  return clean(text);
}

}  // namespace

Explanation explain(const World& world, const ServiceView& service) {
  if (!service.denied.empty() && is_to_start(service.state)) return {std::string(to_string(Reason::Forbidden)), service.denied};
  if (const Failure* failure = failure_of(world.input, service_target(service.spec->name))) {
    return {std::string(to_string(failure->reason)), clean(failure->message)};
  }
  if (!service.container) return explain_missing(world, service);
  if (!service.current) return {"", "is replaced because its spec changed"};
  if (service.held) return {"", "waits for its ports"};
  switch (service.state) {
    case ServiceState::Created: return explain_waiting(world, service);
    case ServiceState::Running: return explain_running(service);
    case ServiceState::Exited:
    case ServiceState::Failed: return explain_exited(service);
    case ServiceState::Removing: return {"", "its container is being removed"};
    case ServiceState::Broken: return {"", describe_state(*service.container)};
    case ServiceState::Missing:
    case ServiceState::Completed: break;
  }
  return {"", ""};
}

std::string describe_exit(const engine::Container& container) {
  const std::string code = std::to_string(container.exit_code);
  if (container.oom_killed) return "was killed because it ran out of memory (exit code " + code + ")";
  return "exited with code " + code;
}

std::string describe_state(const engine::Container& container) {
  switch (container.state) {
    case engine::ContainerState::Paused: return "is paused";
    case engine::ContainerState::Dead: return "is dead: the engine could not remove it";
    case engine::ContainerState::Restarting: return "is restarted by the engine, which is berth's task";
    default: return describe_exit(container) + " before the environment was started anew";
  }
}

Reason exit_reason(const engine::Container& container) {
  return container.oom_killed ? Reason::OOMKilled : Reason::ContainerExited;
}

std::string log_suffix(const Input& input, const std::string& service) {
  const auto logs = input.memory.last_logs.find(service);
  if (logs == input.memory.last_logs.end()) return "";
  const std::string lines = last_lines(logs->second);
  return lines.empty() ? "" : "; its last lines:\n" + lines;
}

std::string clean(const std::string& text, std::size_t longest) {
  std::string kept = text.substr(0, longest);
  std::erase_if(kept, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; });
  return crd::json::parse(crd::dump(crd::json(kept))).get<std::string>();
}

}  // namespace berth::plan
