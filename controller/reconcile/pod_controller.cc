#include "controller/reconcile/pod_controller.h"

#include "crd/fields.h"

namespace berth::reconcile {

namespace {

constexpr const char* kPodControllerName = "pod";
constexpr base::Backoff kPodBackoff{std::chrono::milliseconds(100), std::chrono::seconds(30), 2.0};

const json& owner_reference(const Object& pod) {
  static const json kNone = json::object();
  for (const json& reference : crd::array_at(crd::object_at(pod.body(), "metadata"), "ownerReferences")) {
    if (crd::text_at(reference, "kind") == "TestEnvironment") return reference;
  }
  return kNone;
}

ObjectKey environment_key(const Object& pod) { return {pod.ns(), crd::text_at(owner_reference(pod), "name")}; }

bool is_pod_of(const Object& pod, const Object& environment) {
  return crd::text_at(owner_reference(pod), "uid") == environment.uid();
}

std::string phase_of_environment(const Object& environment) { return crd::text_at(environment.status(), "phase"); }

bool is_being_made(const Object& environment) {
  const auto phase = phase_of_environment(environment);
  return phase.empty() || phase == "Pending" || phase == "Provisioning";
}

// Heartbeats, annotations and the like are not shown by a pod.
bool shows_in_pods(const Object& old, const Object& now) {
  const auto labels = [](const Object& object) -> const json& {
    return crd::object_at(crd::object_at(object.body(), "metadata"), "labels");
  };
  return old.uid() != now.uid() || old.deleting() != now.deleting() || labels(old) != labels(now) || old.spec() != now.spec() ||
         old.status() != now.status();
}

}  // namespace

PodController::PodController(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& resource,
                             runtime::Informer& environments, metrics::RuntimeMetrics& metrics, plan::PodHost host)
    : clock_(clock),
      client_(client),
      resource_(resource),
      environments_(environments),
      host_(std::move(host)),
      pods_(executor, clock, client, resource),
      queue_(executor, clock, metrics, kPodBackoff),
      controller_(executor, clock, kPodControllerName, queue_, *this, metrics, kWorkers),
      tasks_(executor, kPodControllerName) {
  environments.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool) { environment_changed(old, now); });
  pods_.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool) { pod_changed(old, now); });
}

void PodController::environment_changed(const ObjectPtr& old, const ObjectPtr& now) {
  if (old && now && !shows_in_pods(*old, *now)) return;
  const bool hurry = old && now && phase_of_environment(*old) != phase_of_environment(*now) && !is_being_made(*now);
  queue_.add_after(now ? now->key() : old->key(), hurry ? base::Duration{0} : kGather);
}

void PodController::pod_changed(const ObjectPtr& old, const ObjectPtr& now) {
  if (old) {
    const auto owned = owned_.find(environment_key(*old));
    if (owned != owned_.end() && owned->second.erase(old->name()) > 0 && owned->second.empty()) owned_.erase(owned);
  }
  if (now) owned_[environment_key(*now)].insert(now->name());
  // Its namespace or somebody's garbage collection took it, or it is of an environment that went while nobody looked.
  if (!now || !environments_.get(environment_key(*now))) queue_.add_after(environment_key(now ? *now : *old), kGather);
}

void PodController::start() {
  pods_.start();
  tasks_.spawn("start", start_loop());
}

// Nothing is made or removed on half a picture.
Task<void> PodController::start_loop() {
  co_await environments_.synced();
  co_await pods_.synced();
  controller_.start();
}

Task<void> PodController::stop() {
  co_await tasks_.stop();
  co_await controller_.stop();
  co_await pods_.stop();
}

Task<Result<runtime::Outcome>> PodController::reconcile(ObjectKey key, runtime::ReconcileContext) {
  const auto environment = environments_.get(key);
  std::vector<json> wanted;
  if (environment) {
    const auto stored = [this, &key, &environment](const std::string& name) {
      auto pod = pods_.get({key.ns, name});
      return pod && is_pod_of(*pod, *environment) ? pod : nullptr;
    };
    wanted = plan::pods(*environment, host_, stored, clock_.system_now());
  }
  std::set<std::string> left;
  if (const auto owned = owned_.find(key); owned != owned_.end()) left = owned->second;
  for (auto& pod : wanted) {
    left.erase(crd::text_at(pod["metadata"], "name"));
    auto written = co_await write(environment, std::move(pod));
    if (written.has_error()) co_return written.error();
  }
  for (const auto& name : left) {
    auto pod = pods_.get({key.ns, name});
    if (!pod) continue;
    auto removed = co_await remove(std::move(pod));
    if (removed.has_error()) co_return removed.error();
  }
  co_return runtime::Outcome{};
}

Task<Result<void>> PodController::write(ObjectPtr environment, json pod) {
  const ObjectKey key{environment->ns(), crd::text_at(pod["metadata"], "name")};
  auto stored = pods_.get(key);
  if (stored && !is_pod_of(*stored, *environment)) {
    auto removed = co_await remove(stored);
    if (removed.has_error()) co_return removed.error();
    stored = nullptr;
  }
  if (stored && plan::says_the_same(*stored, pod)) co_return Result<void>();
  // What goes gets no new pods: somebody takes the old ones away, and waits until they are gone.
  if (!stored && environment->deleting()) co_return Result<void>();
  api::WriteOptions options;
  options.field_manager = "berth";
  options.actor = api::Actor::System;
  auto ns = key.ns;
  auto writing = stored ? client_.replace(resource_, key, std::move(pod), std::move(options))
                        : client_.create(resource_, std::move(ns), std::move(pod), std::move(options));
  auto written = co_await std::move(writing);
  if (written.has_error()) {
    // It went, or its namespace does: what is there is looked at again when the cache says so.
    if (written.error().reason == Reason::NotFound || written.error().reason == Reason::Forbidden) co_return Result<void>();
    co_return written.error();
  }
  pods_.observe(*written);
  co_return Result<void>();
}

Task<Result<void>> PodController::remove(ObjectPtr pod) {
  api::DeletePreconditions preconditions;
  preconditions.uid = pod->uid();
  auto removed = co_await client_.remove(resource_, pod->key(), std::move(preconditions));
  if (removed.has_error() && removed.error().reason != Reason::NotFound && removed.error().reason != Reason::Conflict) {
    co_return removed.error();
  }
  co_return Result<void>();
}

}  // namespace berth::reconcile
