#include <algorithm>

#include "base/log.h"
#include "controller/plan/facts.h"
#include "controller/plan/names.h"
#include "controller/reconcile/environment_reconciler.h"
#include "controller/reconcile/retry_policy.h"
#include "crd/scheme.h"
#include "crd/secrets.h"

// The half of EnvironmentReconciler that talks to the engine: operations that a pass starts and does not wait for.
namespace berth::reconcile {

namespace {

constexpr base::Duration kVolumeDeadline = std::chrono::seconds(30);

// Why berth acts, in the words of the journal.
std::string journal_cause(const plan::Action& action) {
  using plan::ActionKind;
  const auto& cause = action.cause;
  if (cause == "created") return "Created";
  if (cause == "deleted") return "Deleted";
  if (cause == "expired") return "Expired";
  if (cause == "failed") return "Failed";
  if (cause == "replaced") return "Changed";
  if (cause == "orphan" || cause == "duplicate") return "CleanUp";
  if (cause == "repaired" || cause == "restarted") return "Healing";
  switch (action.kind) {
    case ActionKind::UpdateContainer: return "Changed";
    case ActionKind::ConnectContainer:
    case ActionKind::MovePort:
    case ActionKind::MoveSubnet: return "Healing";
    case ActionKind::CollectLogs: return "Failed";
    case ActionKind::Finalize:
    case ActionKind::DeleteObject: return "Deleted";
    default: return "Created";
  }
}

bool stays_down(const crd::Service& service, int exit_code) {
  switch (service.restart_policy) {
    case crd::RestartPolicy::Never: return true;
    case crd::RestartPolicy::OnFailure: return exit_code == 0;
    default: return false;
  }
}

}  // namespace

std::optional<base::SteadyTime> EnvironmentReconciler::launch(const ObjectPtr& object, const plan::Plan& plan) {
  const auto subject = subject_of(object);
  auto& memory = memories_[object->uid()];
  std::optional<base::SteadyTime> first;
  for (const auto& action : plan.actions) {
    const auto until = brake_.waits_until(object->uid(), action);
    if (until > parts_.clock.steady_now()) {
      first = std::min(until, first.value_or(until));
      continue;
    }
    if (!memory.busy.insert(action.target).second) continue;
    auto own = subject;
    if (action.container || action.network) own.unchanged = [this, object] { return is_unchanged(object); };
    if (action.container) {
      own.wanted = [this, object, service = action.service, image = action.container->image] {
        return is_unchanged(object) || wants_image(object, service, image);
      };
    }
    tasks_.spawn(std::string(plan::to_string(action.kind)), operate(std::move(own), action));
  }
  return first;
}

// The object lives and is not over, but its spec may be another one.
ObjectPtr EnvironmentReconciler::alive(const ObjectPtr& object) const {
  const auto now = parts_.environments.get(object->key());
  if (!now || now->uid() != object->uid() || now->deleting()) return nullptr;
  const auto phase = now->status().value("phase", "");
  const bool of_this_spec = now->status().value("observedGeneration", std::int64_t{0}) >= now->generation();
  return phase == "Expired" || (phase == "Failed" && of_this_spec) ? nullptr : now;
}

bool EnvironmentReconciler::is_unchanged(const ObjectPtr& object) const {
  const auto now = alive(object);
  return now && now->generation() == object->generation();
}

bool EnvironmentReconciler::wants_image(const ObjectPtr& object, const std::string& service, const std::string& image) const {
  const auto now = alive(object);
  if (!now) return false;
  const auto spec = crd::parse_test_environment_spec(now->spec());
  const auto* wanted = spec.find(service);
  return wanted && wanted->image == image;
}

std::uint64_t EnvironmentReconciler::record(const ObjectPtr& object, const plan::Action& action) {
  JournalEntry entry;
  entry.cause = journal_cause(action);
  entry.action = plan::to_string(action.kind);
  entry.target = action.target;
  entry.reason = action.reason;
  return parts_.journal.begin(object, std::move(entry));
}

void EnvironmentReconciler::record_change(const ObjectPtr& old, const ObjectPtr& now, bool initial) {
  if (!now) return;
  const bool is_new = !old || old->uid() != now->uid();
  if (is_new) {
    parts_.journal.note(now, initial ? "Found" : "Created", initial ? "berthd has started, and finds the environment" : "the environment was created");
  } else if (now->deleting() && !old->deleting()) {
    parts_.journal.note(now, "Deleted", "its deletion was asked for");
  } else if (now->generation() != old->generation() && !now->deleting()) {
    parts_.journal.note(now, "Changed", "its spec was changed");
  }
}

Task<void> EnvironmentReconciler::operate(Subject subject, plan::Action action) {
  // However the operation ends, its target is free again and its environment is looked at.
  struct Release {
    EnvironmentReconciler& self;
    Owner owner;
    std::string target;
    ~Release() {
      const auto memory = self.memories_.find(owner.uid);
      if (memory != self.memories_.end()) memory->second.busy.erase(target);
      self.parts_.enqueue(owner.key, 0);
    }
  } release{*this, subject.owner, action.target};

  const auto entry = record(subject.object, action);
  Result<std::string> result = std::string();
  try {
    if (action.kind == plan::ActionKind::Finalize) {
      result = co_await finalize(subject);
    } else {
      auto copy = action;
      result = co_await runner_.run(subject, std::move(copy));
    }
  } catch (const std::exception& error) {
    if (base::is_cancellation(std::current_exception())) throw;
    result = base::error(Reason::InternalError, error.what());
    base::log_error("reconcile", "an operation ended by an exception",
                    {{"env", subject.owner.key.str()}, {"action", plan::to_string(action.kind)}, {"error", error.what()}});
  }
  parts_.journal.end(subject.object, entry, result.has_error() ? std::optional(result.error()) : std::nullopt);
  settle(subject, action, result);
}

void EnvironmentReconciler::settle(const Subject& subject, const plan::Action& action, const Result<std::string>& result) {
  if (result.has_error()) {
    fail(subject, action, result.error());
    return;
  }
  const auto found = memories_.find(subject.owner.uid);
  if (found == memories_.end()) return;
  brake_.succeeded(subject.owner.uid, action, parts_.clock.steady_now());
  auto& memory = found->second;
  if (const auto failure = memory.failures.find(action.target); failure != memory.failures.end()) {
    const bool replaces = (action.kind == plan::ActionKind::RemoveContainer && action.cause == "repaired") ||
                          action.kind == plan::ActionKind::CreateContainer;
    if (!replaces || failure->second.unstarted.empty()) memory.failures.erase(failure);
  }
  if (action.kind == plan::ActionKind::CollectLogs) memory.last_logs[action.service] = *result;
  if (action.kind == plan::ActionKind::StartContainer) {
    memory.last_logs.erase(action.service);
    memory.failures.erase(plan::logs_target(action.service));
  }
}

void EnvironmentReconciler::fail(const Subject& subject, const plan::Action& action, const Error& error) {
  const auto& target = action.target;
  const bool removing = plan::is_removal(action.kind);
  if (error.reason == Reason::Cancelled) return;
  const auto found = memories_.find(subject.owner.uid);
  if (found == memories_.end()) return;
  const auto now = parts_.clock.system_now();
  // The engine repeats what it was given. Events outlive the spec, by which alone one can tell later what was secret.
  const auto message = crd::masked(error.message, crd::secret_values(subject.object->spec()));
  auto [place, is_new] = found->second.failures.try_emplace(target);
  auto& failure = place->second;
  if (is_new || failure.reason != error.reason || failure.removing != removing || failure.generation != subject.object->generation()) {
    failure = plan::Failure{error.reason, message, 0, now, subject.object->generation(), now, removing};
  }
  failure.message = message;
  failure.unstarted = action.kind == plan::ActionKind::StartContainer ? action.container_id : "";
  failure.unconnected = action.kind == plan::ActionKind::ConnectContainer ? action.container_id : "";
  ++failure.attempts;
  failure.retry_at = now + std::chrono::duration_cast<base::SystemTime::duration>(retry_delay(error.reason, failure.attempts));
  if (removing) parts_.host.metrics.cleanup_failure(std::string(base::to_string(error.reason)));
  parts_.emit(subject.object, true, std::string(base::to_string(error.reason)), target + ": " + message);
}

// The last look before the object may go: what the engine says now, not what we remember.
Task<Result<std::string>> EnvironmentReconciler::finalize(Subject subject) {
  auto& host = parts_.host;
  const auto uid = subject.owner.uid;
  auto ns = subject.owner.key.ns;
  auto ticket = co_await host.changes.acquire(std::move(ns), subject.created);
  auto wanted = uid;
  auto left = co_await host.mirror.relist(std::move(wanted));
  if (left.has_error()) co_return left.error();
  if (!left->containers.empty() || !left->networks.empty()) co_return std::string();
  std::vector<std::string> labels{std::string(plan::kInstanceLabel) + "=" + host.instance(),
                                  std::string(plan::kUidLabel) + "=" + uid};
  const auto deadline = base::Deadline::after(parts_.clock.steady_now(), kVolumeDeadline);
  auto volumes = co_await host.engine.list_volumes(std::move(labels), deadline);
  if (volumes.has_error()) co_return volumes.error();
  for (const auto& volume : *volumes) {
    const auto limit = base::Deadline::after(parts_.clock.steady_now(), kVolumeDeadline);
    auto removed = co_await host.engine.remove_volume(volume.name, limit);
    if (removed.has_error() && removed.error().reason != Reason::NotFound) co_return removed.error();
  }
  ticket.release();
  parts_.emit(subject.object, false, "Removed", "Nothing of the environment is left on the engine");
  std::string finalizer(crd::kEngineFinalizer);
  auto owner_uid = uid;
  auto done = co_await parts_.registry.remove_finalizer(parts_.resource, subject.owner.key, std::move(owner_uid), std::move(finalizer));
  if (done.has_error()) co_return done.error();
  release_leases(uid);
  co_return std::string();
}

void EnvironmentReconciler::release_leases(const std::string& uid) {
  parts_.host.ports.release_all(uid);
  parts_.host.subnets.release(uid);
  released();
}

// Somebody who waits for a port or a subnet may get one now: the oldest first.
void EnvironmentReconciler::released() {
  std::vector<ObjectPtr> waiting;
  for (const auto& [uid, key] : std::exchange(starving_, {})) {
    const auto memory = memories_.find(uid);
    if (memory != memories_.end()) memory->second.failures.erase(plan::kEnvironmentTarget);
    if (auto object = parts_.environments.get(key)) waiting.push_back(std::move(object));
  }
  std::sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) {
    return std::pair(a->creation_time(), a->name()) < std::pair(b->creation_time(), b->name());
  });
  auto turn = static_cast<int>(waiting.size());
  for (const auto& object : waiting) parts_.enqueue(object->key(), turn--);
}

void EnvironmentReconciler::charge_leases() {
  auto& host = parts_.host;
  for (const auto& object : parts_.environments.list()) {
    auto charged = plan::charge(plan::leases_of(object->status()), object->uid(), object->key().str(), host.ports, host.subnets);
    if (charged.has_error()) {
      base::log_warn("reconcile", "lease is held twice", {{"env", object->key().str()}, {"error", charged.error().message}});
    }
  }
  // What the engine still holds of environments that no stored object names.
  for (const auto& network : host.mirror.networks()) {
    const auto owner = owner_of(network.labels, host.instance());
    for (const auto& text : network.subnets) {
      const auto subnet = plan::parse_subnet(text);
      if (owner && subnet.has_value()) static_cast<void>(host.subnets.charge(*subnet, owner->uid));
    }
  }
  for (const auto& [uid, owner] : host.mirror.owners()) {
    for (const auto& container : host.mirror.actual(uid).containers) {
      for (const auto& port : container.ports) {
        const plan::PortKey key{port.host_ip, crd::protocol_from(port.protocol), port.host_port};
        if (host.ports.holder(key).empty()) static_cast<void>(host.ports.charge(key, uid + "/" + container.name));
      }
    }
  }
}

void EnvironmentReconciler::drifted(const Drift& drift) {
  const auto object = parts_.environments.get(drift.owner.key);
  if (!object || object->uid() != drift.owner.uid || object->deleting()) return;
  if (plan::is_over(object->status())) return;
  if (drift.kind == "container_died") {
    const auto spec = crd::parse_test_environment_spec(object->spec());
    const auto* service = spec.find(drift.service);
    if (!service || stays_down(*service, drift.exit_code)) return;
  }
  parts_.host.metrics.drift(drift.kind);
  healing_.drifted(object->uid(), drift.service);
  std::string text;
  if (drift.kind == "container_died") {
    text = "Container " + drift.object_name + " of service " + drift.service + " exited with " + std::to_string(drift.exit_code);
  } else if (drift.kind == "container_removed") {
    text = "Container " + drift.object_name + " of service " + drift.service + " was removed by somebody else";
  } else if (drift.kind == "network_removed") {
    text = "Network " + drift.object_name + " was removed by somebody else";
  } else {
    text = "Container " + drift.object_name + " of service " + drift.service + " was disconnected from its network";
  }
  parts_.journal.note(object, "EngineEvent", text);
  parts_.emit(object, true, drift.kind == "container_died" ? "ContainerDied" : "Drift", std::move(text));
}

void EnvironmentReconciler::forget(const ObjectPtr& object) {
  const auto& uid = object->uid();
  memories_.erase(uid);
  unwritten_.erase(uid);
  waiting_.erase(uid);
  starving_.erase(uid);
  healing_.forget(uid);
  brake_.forget(uid);
  parts_.prober.forget(uid);
  parts_.journal.gone(object);
  // Without its finalizer nobody looked whether the engine is clean: the reaper does, and gives the leases back.
  if (parts_.host.mirror.owns(uid)) return;
  release_leases(uid);
}

}  // namespace berth::reconcile
