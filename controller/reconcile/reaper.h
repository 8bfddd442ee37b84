#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/reconcile/action_runner.h"
#include "controller/reconcile/host.h"
#include "controller/reconcile/reaper_state.h"
#include "controller/runtime/informer.h"
#include "metrics/environment_metrics.h"

namespace berth::reconcile {

struct ReaperOptions {
  base::Duration grace = std::chrono::seconds(10);
  base::Duration period = std::chrono::seconds(60);
  // Of the store (Store::epoch()). Under one that is not the one of the state file, which is new or was restored, what is owned may be
  // wanted by a store that was lost. Nothing is removed then until a person says so, or removes it by hand.
  std::uint64_t store_epoch = 0;
  // That of the store when it was opened. What was made for a later one is of a store that was lost: an old copy of its file was put back.
  std::uint64_t store_revision = kNoRevision;
  std::filesystem::path state_file;  // keeps that across restarts; empty: not kept
};

// Removes what this instance owns on the engine and no stored TestEnvironment wants: what a lost answer, a killed berthd or a lost
// store left behind. Looks at the mirror, at start and once a minute; what it finds later must be unwanted for the grace. Loop thread only.
class Reaper {
 public:
  Reaper(Executor executor, base::Clock& clock, Host& host, runtime::Informer& environments, EmitEvent emit,
         ReaperOptions options);

  // An environment without objects on the engine: its leases may go.
  void on_removed(std::function<void(const std::string& uid)> handler) { on_removed_ = std::move(handler); }
  void start();
  void look_soon();
  Task<void> stop();

  // {orphans: [{kind, name, id, namespace, environment}], held, removed, failures: [{name, message}]}.
  // confirm: removes them all now. adopt: keeps those that are there; from then on others are removed again.
  Task<Result<json>> reap(bool confirm, bool adopt);
  bool held() const { return state_.held; }

 private:
  struct Orphan {
    Owner owner;
    plan::Actual objects;
  };
  Task<void> run();
  std::vector<Orphan> orphans() const;
  void count(const std::vector<Orphan>& orphans) const;
  Task<void> look(bool first);
  Task<std::vector<std::pair<std::string, Error>>> remove(Orphan orphan);
  void hold_if_unseen(const std::vector<Orphan>& found);
  void save() const;

  base::Clock& clock_;
  Host& host_;
  runtime::Informer& environments_;
  ActionRunner runner_;
  ReaperOptions options_;
  std::function<void(const std::string&)> on_removed_;
  std::map<std::string, base::SteadyTime> first_seen_;  // by uid
  ReaperState state_;
  base::Signal changed_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
