#include "controller/reconcile/environment_observer.h"

#include <algorithm>
#include <optional>

#include "crd/condition.h"
#include "crd/scheme.h"

namespace berth::reconcile {

namespace {

std::string phase_of(const ObjectPtr& object) {
  if (object->deleting()) return "Terminating";
  const json phase = object->find({"status", "phase"});
  return phase.is_string() ? phase.get<std::string>() : "Pending";
}

std::string source_of(const ObjectPtr& object) {
  return object->annotation(crd::kSourceAnnotation).empty() ? "api" : "manifests";
}

}  // namespace

EnvironmentObserver::EnvironmentObserver(base::Clock& clock, runtime::Informer& environments,
                                         metrics::EnvironmentMetrics& metrics)
    : clock_(clock), metrics_(metrics) {
  environments.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool initial) { changed(old, now, initial); });
}

void EnvironmentObserver::changed(const ObjectPtr& old, const ObjectPtr& now, bool initial) {
  if (old && now && old->uid() != now->uid()) {  // what happened between was not seen
    changed(old, nullptr, initial);
    changed(nullptr, now, initial);
    return;
  }
  const auto& uid = now ? now->uid() : old->uid();
  const auto counted = [](const ObjectPtr& object) { return object ? std::optional(Count{object->ns(), phase_of(object)}) : std::nullopt; };
  const auto before = counted(old);
  const auto after = counted(now);
  if (before != after) {
    if (before) count(*before, -1);
    if (after) count(*after, +1);
    metrics_.running(running_);
  }

  auto& life = lives_.try_emplace(uid, Life{clock_.steady_now(), {}}).first->second;
  if (now && now->deleting() && terminating_.emplace(uid, *now->deletion_time()).second) life.deleting = clock_.steady_now();
  if (now) {
    if (!initial) note_progress(life, old, now);
    return;
  }
  if (old->deleting()) metrics_.cleanup_duration(since(life.deleting));
  terminating_.erase(uid);
  lives_.erase(uid);
}

void EnvironmentObserver::count(const Count& of, int by) {
  const auto item = phases_.try_emplace(of, 0).first;
  if ((item->second += by) == 0) phases_.erase(item);
  if (of.second == "Ready" || of.second == "Degraded") running_ += by;
}

void EnvironmentObserver::note_progress(const Life& life, const ObjectPtr& old, const ObjectPtr& now) {
  const auto scheduled = [](const ObjectPtr& object) {
    return object && crd::condition_status(object->status(), "Scheduled") == "True";
  };
  const auto was_ready = [](const ObjectPtr& object) { return object && object->status().contains("readyTime"); };
  if (!scheduled(old) && scheduled(now)) metrics_.queue_wait(since(life.seen));
  if (!was_ready(old) && was_ready(now)) metrics_.time_to_ready(source_of(now), since(life.seen));
}

void EnvironmentObserver::report_times() {
  const auto now = clock_.system_now();
  base::Duration oldest{0};
  for (const auto& [uid, since] : terminating_) oldest = std::max<base::Duration>(oldest, now - since);
  metrics_.environments(phases_);
  metrics_.terminating_oldest(std::chrono::duration<double>(oldest).count());
}

double EnvironmentObserver::since(base::SteadyTime start) const {
  return std::chrono::duration<double>(clock_.steady_now() - start).count();
}

}  // namespace berth::reconcile
