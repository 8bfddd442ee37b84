#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "api/client/client.h"
#include "api/registry.h"
#include "controller/plan/environment_plan.h"
#include "controller/plan/lease_plan.h"
#include "controller/reconcile/action_runner.h"
#include "controller/reconcile/healing.h"
#include "controller/reconcile/repeat_brake.h"
#include "controller/reconcile/host.h"
#include "controller/reconcile/journal.h"
#include "controller/reconcile/lease_watch.h"
#include "controller/reconcile/prober.h"
#include "controller/runtime/informer.h"
#include "controller/runtime/reconciler.h"

namespace berth::reconcile {

// What a reconciler of environments works with. Everything outlives it.
struct EnvironmentParts {
  Executor executor;
  base::Clock& clock;
  api::Registry& registry;
  api::Client& client;  // writes as System
  const crd::ResourceInfo& resource;
  runtime::Informer& environments;
  LeaseWatch& leases;
  Host& host;
  Prober& prober;
  Journal& journal;
  EmitEvent emit;
  std::function<void(const ObjectKey& key, int priority)> enqueue;
  plan::IsFree port_is_free;  // asked before a port outside the range is used
};

// Makes the engine match one TestEnvironment. A pass looks at everything, decides by plan::plan(), starts what can start now and
// has the status stored. It waits only for what must be durable first (leases, an ending), never for the engine. An operation that ends
// enqueues its environment again. Loop thread only.
class EnvironmentReconciler final : public runtime::Reconciler {
 public:
  explicit EnvironmentReconciler(EnvironmentParts parts);

  Task<Result<runtime::Outcome>> reconcile(ObjectKey key, runtime::ReconcileContext context) override;

  // A change of a stored environment, as its informer tells it: enqueues it, unless berth's own status write is all that changed.
  void changed(const ObjectPtr& old, const ObjectPtr& now, bool initial);
  // From now on heartbeats are heard. Called once, before the first pass.
  void begin() { watching_since_ = parts_.clock.system_now(); }
  // Every lease that a stored status or an owned network shows. Called once, before the first pass.
  void charge_leases();
  // Nothing of this environment is left on the engine: its ports and its subnet are free.
  void release_leases(const std::string& uid);
  // Something of this environment changed on the engine although berth did not do it.
  void drifted(const Drift& drift);
  // Gives operations and status writes that run `grace` to end (newer engines cancel a start whose client hangs up), then cancels.
  Task<void> stop(base::Duration grace);

 private:
  plan::Memory recall(const ObjectPtr& object);
  plan::Input observe(const ObjectPtr& object);
  // Commits what must be durable before anything else happens. False: nothing more to do in this pass.
  Task<Result<bool>> commit(ObjectPtr object, plan::Input input, plan::Plan plan, plan::Action action);
  Task<Result<bool>> commit_leases(ObjectPtr object, plan::Input input, plan::Action action);
  Result<plan::Allocation> allocate(const plan::Input& input, const plan::Action& action);
  void announce_leases(const ObjectPtr& object, const plan::Action& action, const plan::Leases& before,
                       const plan::Allocation& after);
  Task<Result<bool>> write_leases(ObjectPtr object, plan::Input input);
  Task<Result<bool>> commit_finish(ObjectPtr object, plan::Input input, plan::Plan plan);
  Task<Result<bool>> delete_object(ObjectPtr object);
  // With `newest`: Conflict when the stored object is another than `object` by now. Without: whatever is stored is overwritten.
  Task<Result<void>> write_status(ObjectPtr object, json status, bool newest);
  // Stores `status` soon, without anybody waiting: passes go on from it, and only the newest one is written. It never overwrites
  // what a pass has committed meanwhile.
  void save_status(const ObjectPtr& object, json status);
  Task<void> save_loop(ObjectPtr object);
  // environment_waiting.cc: nothing is decided, but said. One that is being deleted says so at once, others after a while.
  runtime::Outcome await_engine(const ObjectPtr& object);
  runtime::Outcome stand_by(const ObjectPtr& object, const std::string& why);

  ObjectPtr alive(const ObjectPtr& object) const;
  bool is_unchanged(const ObjectPtr& object) const;
  bool wants_image(const ObjectPtr& object, const std::string& service, const std::string& image) const;
  // Begins what may begin. Returns when the first of what RepeatBrake holds back may.
  std::optional<base::SteadyTime> launch(const ObjectPtr& object, const plan::Plan& plan);
  Task<void> operate(Subject subject, plan::Action action);
  // Into the journal: what is begun, and what came of it.
  std::uint64_t record(const ObjectPtr& object, const plan::Action& action);
  void record_change(const ObjectPtr& old, const ObjectPtr& now, bool initial);
  Task<Result<std::string>> finalize(Subject subject);
  void settle(const Subject& subject, const plan::Action& action, const Result<std::string>& result);
  void fail(const Subject& subject, const plan::Action& action, const Error& error);
  // The object is gone from the store. What the engine still holds is the reaper's.
  void forget(const ObjectPtr& object);
  void released();

  static constexpr base::Duration kQuarantine = std::chrono::minutes(5);

  EnvironmentParts parts_;
  ActionRunner runner_;
  Healing healing_;
  RepeatBrake brake_;
  std::map<std::string, plan::Memory> memories_;  // by uid
  std::map<std::string, ObjectKey> starving_;     // by uid: waits for a port or a subnet
  std::map<std::string, json> unwritten_;         // by uid: a status that is newer than the stored one
  std::map<std::string, base::SteadyTime> waiting_;  // by uid: since when nothing could be decided
  std::set<std::string> savers_;                  // by uid: somebody writes it
  base::SystemTime watching_since_{};
  std::multiset<ObjectKey> writing_;              // status writes in flight
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
