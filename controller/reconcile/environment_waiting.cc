#include "controller/plan/facts.h"
#include "controller/reconcile/environment_reconciler.h"
#include "crd/condition.h"

// The part of EnvironmentReconciler that has no picture of the engine: what is stored stays, and says why nothing happens.
namespace berth::reconcile {

namespace {

// A short absence (an engine that restarts) is not worth a write to every environment.
constexpr base::Duration kWaitingPatience = std::chrono::seconds(10);

std::string reason_of_ready(const json& status) {
  for (const auto& condition : plan::array_at(status, "conditions")) {
    if (plan::text_at(condition, "type") == "Ready") return plan::text_at(condition, "reason");
  }
  return "";
}

}  // namespace

runtime::Outcome EnvironmentReconciler::await_engine(const ObjectPtr& object) {
  const auto& error = parts_.host.mirror.last_error();
  if (object->deleting() || object->status().contains("phase")) return stand_by(object, error);
  auto input = observe(object);
  input.memory.failures[plan::kEnvironmentTarget] =
      plan::Failure{Reason::EngineUnavailable, error.empty() ? "waiting for the engine" : error, 1, input.now, input.generation, input.now};
  const plan::Plan nothing;
  auto status = plan::status(input, nothing);
  if (status == input.status) return {};
  parts_.journal.note(object, "Waiting", "for the engine: " + error);
  save_status(object, std::move(status));
  return {};
}

runtime::Outcome EnvironmentReconciler::stand_by(const ObjectPtr& object, const std::string& why) {
  runtime::Outcome outcome;
  const auto now = parts_.clock.steady_now();
  const auto due = waiting_.try_emplace(object->uid(), now).first->second + kWaitingPatience;
  if (now < due && !(object->deleting() && !why.empty())) {
    outcome.requeue_after = due - now;
    return outcome;
  }
  const auto newer = unwritten_.find(object->uid());
  auto status = newer == unwritten_.end() ? object->status() : newer->second;
  if (!object->deleting() && plan::is_over(status)) return outcome;
  const std::string reason(base::to_string(Reason::EngineUnavailable));
  const bool said = reason_of_ready(status) == reason;
  if (said && (!object->deleting() || plan::text_at(status, "phase") == "Terminating")) return outcome;
  const auto message = why.empty() ? "waiting for the engine" : why;
  parts_.journal.note(object, "Waiting", message);
  if (object->deleting()) status["phase"] = "Terminating";
  auto& conditions = status["conditions"];
  if (!conditions.is_array()) conditions = json::array();
  crd::set_condition(conditions, "Ready", false, reason, message, object->generation(), parts_.clock.system_now());
  status["reason"] = reason;
  status["message"] = message;
  save_status(object, std::move(status));
  return outcome;
}

}  // namespace berth::reconcile
