#include "controller/reconcile/action_runner.h"

#include "base/log.h"

namespace berth::reconcile {

namespace {

Result<std::string> without_text(Result<void> result) {
  if (result.has_error()) return result.error();
  return std::string();
}

}  // namespace

Subject subject_of(const ObjectPtr& object) {
  return {object, {object->key(), object->uid()}, object->creation_time(), {}, {}};
}

std::string cleanup_cause(const std::string& cause) {
  for (const auto* known : {"deleted", "expired", "failed", "orphan"}) {
    if (cause == known) return cause;
  }
  return "replaced";
}

Task<Result<std::string>> ActionRunner::run(Subject subject, plan::Action action) {
  using plan::ActionKind;
  base::log_debug("action", plan::to_string(action.kind),
                  {{"env", subject.owner.key.str()}, {"target", action.target}, {"reason", action.reason}});
  switch (action.kind) {
    case ActionKind::CreateNetwork:
      co_return without_text(co_await create_network(std::move(subject), std::move(action)));
    case ActionKind::RemoveNetwork:
      co_return without_text(co_await remove_network(std::move(subject), std::move(action)));
    case ActionKind::ConnectContainer:
      co_return without_text(co_await connect_container(std::move(subject), std::move(action)));
    case ActionKind::CreateContainer:
      co_return without_text(co_await create_container(std::move(subject), std::move(action)));
    case ActionKind::StartContainer:
      co_return without_text(co_await start_container(std::move(subject), std::move(action)));
    case ActionKind::RemoveContainer:
      co_return without_text(co_await remove_container(std::move(subject), std::move(action)));
    case ActionKind::UpdateContainer:
      co_return without_text(co_await update_container(std::move(action)));
    case ActionKind::CollectLogs:
      co_return co_await collect_logs(std::move(action));
    default:
      co_return base::error(Reason::InternalError, "not an engine action: " + std::string(plan::to_string(action.kind)));
  }
}

base::Deadline ActionRunner::within(base::Duration duration) const {
  return base::Deadline::after(host_.clock.steady_now(), duration);
}

}  // namespace berth::reconcile
