#include "controller/reconcile/environment_reconciler.h"

#include <algorithm>

#include "base/log.h"
#include "controller/plan/facts.h"
#include "controller/reconcile/status_events.h"
#include "controller/runtime/workqueue.h"

namespace berth::reconcile {

namespace {

using plan::ActionKind;
using runtime::Outcome;

// One commit for the leases, one for an ending, and some to spare: a pass that needs more starts anew.
constexpr int kRounds = 4;
constexpr base::Duration kStopPoll = std::chrono::milliseconds(20);
constexpr base::Duration kSaveAgain = std::chrono::seconds(1);

void note_published(const plan::Input& input, plan::Memory& memory) {
  for (const auto& container : input.actual.containers) {
    for (const auto& port : container.ports) {
      const auto lease = std::find_if(input.leases.ports.begin(), input.leases.ports.end(), [&](const auto& candidate) {
        return candidate.host_port == port.host_port && candidate.service == service_of(container.labels);
      });
      if (lease != input.leases.ports.end()) memory.published.insert({lease->endpoint, lease->host_port});
    }
  }
}

// What is durable before anything else happens: it is decided and written inside the pass.
bool is_committed_first(ActionKind kind) {
  switch (kind) {
    case ActionKind::Allocate:
    case ActionKind::MovePort:
    case ActionKind::MoveSubnet:
    case ActionKind::Finish:
    case ActionKind::DeleteObject:
      return true;
    default:
      return false;
  }
}

Outcome look_again(const plan::Plan& plan, base::SystemTime now) {
  Outcome outcome;
  if (plan.wake_at) outcome.requeue_after = std::max<base::Duration>(*plan.wake_at - now, std::chrono::milliseconds(1));
  return outcome;
}

std::optional<Error> failure_of(const Result<bool>& done) {
  return done.has_error() ? std::optional(done.error()) : std::nullopt;
}

Outcome at_once() {
  Outcome outcome;
  outcome.requeue_after = std::chrono::milliseconds(1);
  return outcome;
}

}  // namespace

EnvironmentReconciler::EnvironmentReconciler(EnvironmentParts parts)
    : parts_(std::move(parts)),
      runner_(parts_.host, parts_.emit),
      healing_(parts_.clock, parts_.host.metrics),
      tasks_(parts_.executor, "operations") {}

// What waits for its turn with the engine is not begun any more; what has begun has until the end of the grace.
Task<void> EnvironmentReconciler::stop(base::Duration grace) {
  parts_.host.close_lines();
  const auto deadline = parts_.clock.steady_now() + grace;
  while (tasks_.size() > 0 && parts_.clock.steady_now() < deadline) co_await parts_.clock.sleep_for(kStopPoll);
  co_await tasks_.stop();
}

void EnvironmentReconciler::changed(const ObjectPtr& old, const ObjectPtr& now, bool initial) {
  const bool replaced = old && (!now || old->uid() != now->uid());
  if (replaced) forget(old);
  record_change(old, now, initial);
  // Whoever waits for an image may not want it any more.
  if (replaced || (old && (old->generation() != now->generation() || now->deleting() || plan::is_over(now->status())))) {
    parts_.host.pulls.look_again();
  }
  if (!now) return;
  const bool own_write = old && writing_.contains(now->key()) && old->generation() == now->generation() &&
                         old->deleting() == now->deleting();
  if (!own_write) parts_.enqueue(now->key(), initial ? runtime::WorkQueue::kResyncPriority : 0);
}

Task<Result<Outcome>> EnvironmentReconciler::reconcile(ObjectKey key, runtime::ReconcileContext) {
  for (int round = 0; round < kRounds; ++round) {
    const auto object = parts_.environments.get(key);
    if (!object) co_return Outcome{};
    if (!parts_.host.ready()) co_return await_engine(object);

    auto input = observe(object);
    if (!input.actual.unclear.empty()) {
      co_return stand_by(object, "the engine lists container " + input.actual.unclear + " but does not answer about it");
    }
    waiting_.erase(object->uid());
    const auto plan = plan::plan(input);
    const auto first = std::find_if(plan.actions.begin(), plan.actions.end(),
                                    [](const auto& action) { return is_committed_first(action.kind); });
    if (first != plan.actions.end()) {
      auto action = *first;
      auto committed = co_await commit(object, std::move(input), plan, std::move(action));
      if (committed.has_error()) co_return committed.error();
      if (!*committed) co_return Outcome{};
      continue;
    }

    const auto held = launch(object, plan);
    const Owner owner{key, object->uid()};
    parts_.prober.watch(owner, object->creation_time(), plan.probes);
    input.memory = recall(object);
    auto status = plan::status(input, plan);
    if (plan.actions.empty() && input.memory.busy.empty()) {
      for (const auto& service : healing_.settled(object->uid(), status)) {
        parts_.emit(object, false, "Repaired", service.empty() ? "The network is right again" : "Service " + service + " is ready again");
      }
    }
    if (status != input.status) {
      for (const auto& event : announcements(input.status, status)) {
        parts_.emit(object, event.warning, event.reason, event.message);
      }
      input.status = status;
      save_status(object, std::move(status));
      // What was just noted (scheduled, ready) has times of its own.
      const auto again = plan::plan(input);
      co_return again.actions.empty() ? look_again(again, input.now) : at_once();
    }
    auto outcome = look_again(plan, input.now);
    if (held) {
      const auto delay = *held - parts_.clock.steady_now();
      outcome.requeue_after = std::min<base::Duration>(delay, outcome.requeue_after.value_or(delay));
    }
    co_return outcome;
  }
  co_return at_once();
}

plan::Memory EnvironmentReconciler::recall(const ObjectPtr& object) {
  auto memory = memories_[object->uid()];
  memory.lease_renewed = parts_.leases.renewed(object->key());
  memory.watching_since = watching_since_;
  memory.engine_lost = parts_.host.mirror.lost_at();
  memory.engine_back = parts_.host.mirror.back_at();
  return memory;
}

plan::Input EnvironmentReconciler::observe(const ObjectPtr& object) {
  plan::Input input;
  const auto& host = parts_.host;
  input.instance = host.instance();
  input.ns = object->ns();
  input.name = object->name();
  input.uid = object->uid();
  input.revision = object->revision();
  input.generation = object->generation();
  input.deleting = object->deleting();
  input.created = object->creation_time();
  input.bind_address = host.options().bind_address;
  input.advertise_address = host.options().advertise_address;
  input.host_name = host.options().name;
  input.policy = host.options().policy;
  input.spec = crd::parse_test_environment_spec(object->spec());
  const auto newer = unwritten_.find(object->uid());
  input.status = newer == unwritten_.end() ? object->status() : newer->second;
  input.leases = plan::leases_of(input.status);
  input.actual = host.mirror.actual(object->uid());
  auto& memory = memories_[object->uid()];
  for (auto& [service, probed] : parts_.prober.verdicts(object->uid(), input.actual.containers)) {
    memory.probed[service] = std::move(probed);
  }
  note_published(input, memory);
  input.memory = recall(object);
  input.now = parts_.clock.system_now();
  return input;
}

// ---- what is committed before its effect

Task<Result<bool>> EnvironmentReconciler::commit(ObjectPtr object, plan::Input input, plan::Plan plan, plan::Action action) {
  switch (action.kind) {
    case ActionKind::Finish:
      co_return co_await commit_finish(std::move(object), std::move(input), std::move(plan));
    case ActionKind::DeleteObject:
      co_return co_await delete_object(std::move(object));
    default:
      co_return co_await commit_leases(std::move(object), std::move(input), std::move(action));
  }
}

Task<Result<bool>> EnvironmentReconciler::write_leases(ObjectPtr object, plan::Input input) {
  const plan::Plan nothing;
  auto status = plan::status(input, nothing);
  unwritten_.erase(input.uid);  // superseded
  auto written = co_await write_status(std::move(object), std::move(status), false);
  if (written.has_error()) co_return written.error();
  co_return true;
}

Task<Result<bool>> EnvironmentReconciler::commit_leases(ObjectPtr object, plan::Input input, plan::Action action) {
  auto allocated = allocate(input, action);
  const auto subject = subject_of(object);
  const auto entry = record(object, action);
  if (allocated.has_error()) {
    parts_.journal.end(object, entry, allocated.error());
    fail(subject, action, allocated.error());
    starving_[object->uid()] = object->key();
    co_return true;  // once more: the failure is now part of what the plan sees
  }
  memories_[object->uid()].failures.erase(action.target);
  starving_.erase(object->uid());
  const bool gives_back = allocated->leases.ports.size() < input.leases.ports.size() || allocated->leases.subnet.empty();
  const auto before = std::move(input.leases);
  input.leases = allocated->leases;
  input.memory = memories_[object->uid()];
  auto written = co_await write_leases(object, std::move(input));
  parts_.journal.end(object, entry, failure_of(written));
  if (written.has_error()) co_return written.error();
  announce_leases(object, action, before, *allocated);
  if (gives_back) released();
  co_return true;
}

Result<plan::Allocation> EnvironmentReconciler::allocate(const plan::Input& input, const plan::Action& action) {
  auto& host = parts_.host;
  const auto until = input.now + std::chrono::duration_cast<base::SystemTime::duration>(kQuarantine);
  host.refresh_routes();
  switch (action.kind) {
    case ActionKind::MovePort:
      host.metrics.port_conflict();
      return plan::move_port(input, action.endpoint, host.ports, until, parts_.port_is_free);
    case ActionKind::MoveSubnet:
      return plan::move_subnet(input, host.subnets, until);
    default:
      return plan::allocate(input, host.ports, host.subnets, parts_.port_is_free);
  }
}

void EnvironmentReconciler::announce_leases(const ObjectPtr& object, const plan::Action& action, const plan::Leases& before,
                                            const plan::Allocation& after) {
  for (const auto& lease : after.fallbacks) {
    parts_.host.metrics.port_fallback();
    parts_.emit(object, true, "PortFallback",
                "The port range is full: " + lease.endpoint + " got port " + std::to_string(lease.host_port) + " outside it");
  }
  if (action.kind == ActionKind::MovePort) {
    for (const auto& lease : after.leases.ports) {
      if (lease.endpoint != action.endpoint) continue;
      parts_.emit(object, true, "PortConflict",
                  lease.endpoint + " moved to port " + std::to_string(lease.host_port) + ": " + action.reason);
    }
    return;
  }
  if (after.leases.subnet.empty()) return;
  std::string text = "Leased subnet " + after.leases.subnet;
  for (const auto& lease : after.leases.ports) {
    text += ", " + lease.endpoint + " " + lease.host_ip + ":" + std::to_string(lease.host_port);
  }
  if (after.leases != before) parts_.emit(object, false, "Leased", std::move(text));
}

Task<Result<bool>> EnvironmentReconciler::commit_finish(ObjectPtr object, plan::Input input, plan::Plan plan) {
  auto status = plan::status(input, plan);
  const auto finish = plan.finish.value_or(plan::Finish{});
  unwritten_.erase(input.uid);  // superseded
  auto written = co_await write_status(object, std::move(status), false);
  if (written.has_error()) co_return written.error();
  parts_.journal.note(object, finish.phase, std::string(base::to_string(finish.reason)) + ": " + finish.message);
  parts_.emit(object, true, finish.phase, std::string(base::to_string(finish.reason)) + ": " + finish.message);
  co_return true;
}

Task<Result<bool>> EnvironmentReconciler::delete_object(ObjectPtr object) {
  api::DeletePreconditions preconditions;
  preconditions.uid = object->uid();
  auto removed = co_await parts_.client.remove(parts_.resource, object->key(), std::move(preconditions));
  if (removed.has_error() && removed.error().reason != Reason::NotFound) co_return removed.error();
  co_return false;  // its deletion comes back as a change
}

Task<Result<void>> EnvironmentReconciler::write_status(ObjectPtr object, json status, bool newest) {
  json body = object->body();
  if (!newest) body["metadata"].erase("resourceVersion");
  body["status"] = std::move(status);
  api::WriteOptions options;
  options.actor = api::Actor::System;
  options.field_manager = "berthd";
  const auto key = object->key();
  struct Writing {
    std::multiset<ObjectKey>& keys;
    ObjectKey key;
    ~Writing() { keys.erase(keys.find(key)); }
  } writing{writing_, key};
  writing_.insert(key);
  auto written = co_await parts_.client.update_status(parts_.resource, key, std::move(body), std::move(options));
  if (written.has_error()) {
    if (written.error().reason == Reason::NotFound) co_return Result<void>();
    co_return written.error();
  }
  parts_.environments.observe(*written);
  co_return Result<void>();
}

void EnvironmentReconciler::save_status(const ObjectPtr& object, json status) {
  unwritten_[object->uid()] = std::move(status);
  if (savers_.insert(object->uid()).second) tasks_.spawn("status", save_loop(object));
}

Task<void> EnvironmentReconciler::save_loop(ObjectPtr object) {
  struct Done {
    std::set<std::string>& savers;
    std::string uid;
    ~Done() { savers.erase(uid); }
  } done{savers_, object->uid()};
  for (auto next = unwritten_.find(done.uid); next != unwritten_.end(); next = unwritten_.find(done.uid)) {
    const auto status = next->second;
    const auto current = parts_.registry.get(parts_.resource, object->key());
    if (current.has_error() || (*current)->uid() != done.uid) break;
    auto copy = status;
    auto written = co_await write_status(*current, std::move(copy), true);
    const auto now = unwritten_.find(done.uid);
    const bool superseded = now == unwritten_.end() || now->second != status;
    if (written.has_value()) {
      if (!superseded) unwritten_.erase(now);
    } else if (written.error().reason != Reason::Conflict) {
      base::log_warn("reconcile", "status was not stored", {{"env", object->key().str()}, {"error", written.error().message}});
      if (!superseded) unwritten_.erase(now);  // the next pass finds the difference again
      co_await parts_.clock.sleep_for(kSaveAgain);
      parts_.enqueue(object->key(), 0);
    }
  }
  unwritten_.erase(done.uid);
}

}  // namespace berth::reconcile
