#pragma once

#include <set>
#include <string>

#include "api/registry.h"
#include "controller/reconcile/namespace_plan.h"
#include "controller/reconcile/object_feed.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/workqueue.h"

namespace berth::reconcile {

// Empties namespaces that are being deleted, and lets go of them when nothing is left. Objects go as if a user had deleted them:
// environments through their engine, pods with their environment. Loop thread only.
class NamespaceController final : public runtime::Reconciler {
 public:
  static constexpr const char* kName = "namespace";
  static constexpr int kWorkers = 2;

  // `feed` must not have been started.
  NamespaceController(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed,
                      metrics::RuntimeMetrics& metrics);
  void start();
  Task<void> stop();

  Task<Result<runtime::Outcome>> reconcile(ObjectKey key, runtime::ReconcileContext context) override;
  void report_unfinished() { queue_.report_unfinished(); }

 private:
  void changed(const ObjectFeed::Change& change);
  Task<NamespaceContent> empty(std::string ns);
  Task<Result<void>> show(ObjectPtr ns, NamespaceContent content);

  base::Clock& clock_;
  api::Registry& registry_;
  const crd::ResourceInfo& namespaces_;
  std::set<std::string> terminating_;
  runtime::WorkQueue queue_;
  runtime::Controller controller_;
};

}  // namespace berth::reconcile
