#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"
#include "controller/plan/environment_plan.h"
#include "controller/reconcile/fair_limiter.h"
#include "controller/reconcile/owner.h"
#include "controller/reconcile/probe_check.h"

namespace berth::reconcile {

// Watches the readiness of every running service that has a probe: from 20 ms after its start, often at first and more seldom the
// longer it takes, then once per period. A verdict that changed enqueues the environment at once, another text of a failure now and then.
// Loop thread only.
class Prober {
 public:
  using OnVerdict = std::function<void(const Owner&)>;

  Prober(Executor executor, base::Clock& clock, engine::Engine& engine, ProbeTransport& transport, int exec_budget);

  void on_verdict(OnVerdict handler) { on_verdict_ = std::move(handler); }
  // The complete set for `owner`: what is not in it any more is no longer watched.
  void watch(const Owner& owner, base::SystemTime created, const std::vector<plan::ProbeTarget>& targets);
  void forget(const std::string& uid);
  // By service. The image's own HEALTHCHECK is read from `containers`, which is newer than any verdict kept here.
  std::map<std::string, plan::Probed> verdicts(const std::string& uid, const std::vector<engine::Container>& containers) const;
  std::size_t watching() const;
  Task<void> stop();

 private:
  struct Watched;
  void end(Watched& watched);
  static Task<void> retire(std::shared_ptr<TaskGroup> reading);
  using WatchedPtr = std::shared_ptr<Watched>;

  Task<void> run(WatchedPtr watched);
  Task<void> run_log(WatchedPtr watched);
  void judge(Watched& watched, const CheckResult& result);
  void set_verdict(Watched& watched, plan::Verdict verdict, std::string message);
  void set_message(Watched& watched, std::string message);
  void tell(Watched& watched);
  base::Duration pause(const Watched& watched) const;

  Executor executor_;
  base::Clock& clock_;
  engine::Engine& engine_;
  FairLimiter exec_budget_;
  ProbeChecker checker_;
  OnVerdict on_verdict_;
  std::map<std::string, std::map<std::string, WatchedPtr>> watched_;  // by uid, then service
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
