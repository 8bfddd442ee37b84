#pragma once

#include <functional>
#include <set>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "controller/plan/environment_plan.h"
#include "controller/reconcile/host.h"
#include "controller/reconcile/owner.h"

namespace berth::reconcile {

// Says something to a person: a core/v1 Event of the environment.
using EmitEvent = std::function<void(const ObjectPtr& about, bool warning, std::string reason, std::string message)>;

// What an operation is about, by value: the environment may change while it runs.
struct Subject {
  ObjectPtr object;  // null: nobody is left to tell
  Owner owner;
  base::SystemTime created{};  // of the environment: the oldest is served first
  // Looked at where an operation waits for others; empty: yes. Whether somebody still wants the image, and whether the environment
  // still is what it was.
  std::function<bool()> wanted;
  std::function<bool()> unchanged;
};
Subject subject_of(const ObjectPtr& object);

// The metric's label for a plan's cause: deleted | expired | failed | replaced | orphan.
std::string cleanup_cause(const std::string& cause);

// Action -> engine calls. Every action is idempotent: "already done" is success, an answer that was lost is looked for before the
// call is made again. What the engine answered goes to the mirror, what a person would ask about becomes an Event. Loop thread only.
class ActionRunner {
 public:
  ActionRunner(Host& host, EmitEvent emit) : host_(host), emit_(std::move(emit)) {}

  // The result of CollectLogs is the text, of all others "". Cancelled: throws operation_aborted; the engine goes on with what it
  // has begun, and the next pass sees it.
  Task<Result<std::string>> run(Subject subject, plan::Action action);

 private:
  static constexpr base::Duration kCallDeadline = std::chrono::seconds(60);

  // action_runner_containers.cc
  Task<Result<void>> create_container(Subject subject, plan::Action action);
  Task<Result<std::string>> create_or_pull(Subject subject, plan::Action action);
  Task<Result<std::string>> create_once(Subject subject, engine::ContainerSpec spec);
  Task<Result<std::string>> settle_name(Subject subject, engine::ContainerSpec spec, Error conflict);
  Task<Result<void>> pull(Subject subject, std::string image, std::string platform);
  Task<Result<void>> start_container(Subject subject, plan::Action action);
  Task<Result<void>> remove_container(Subject subject, plan::Action action);
  Task<Result<void>> await_removal(std::string id);
  Task<Result<void>> update_container(plan::Action action);
  Task<Result<std::string>> collect_logs(plan::Action action);
  // action_runner_networks.cc
  Task<Result<void>> create_network(Subject subject, plan::Action action);
  Task<Result<std::string>> create_network_once(Subject subject, engine::NetworkSpec spec);
  Task<Result<void>> settle_network(Subject subject, engine::NetworkSpec spec, Error failure);
  Task<Result<void>> remove_network(Subject subject, plan::Action action);
  Task<Result<void>> disconnect_all(Subject subject, std::string network_id);
  Task<Result<void>> connect_container(Subject subject, plan::Action action);

  base::Deadline within(base::Duration duration) const;

  Host& host_;
  EmitEvent emit_;
};

}  // namespace berth::reconcile
