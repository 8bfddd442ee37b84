#pragma once

#include <map>
#include <set>
#include <string>

#include "api/registry.h"
#include "controller/reconcile/object_feed.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/workqueue.h"

namespace berth::reconcile {

// Keeps status.hard and status.used of ResourceQuotas up to date. The limits are kept by the Registry; this only tells. Loop thread
// only.
class QuotaController final : public runtime::Reconciler {
 public:
  static constexpr const char* kName = "resourcequota";
  static constexpr int kWorkers = 2;

  // `feed` must not have been started.
  QuotaController(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed,
                  metrics::RuntimeMetrics& metrics);
  void start();
  Task<void> stop();

  Task<Result<runtime::Outcome>> reconcile(ObjectKey key, runtime::ReconcileContext context) override;
  void report_unfinished() { queue_.report_unfinished(); }

 private:
  void changed(const ObjectFeed::Change& change);

  api::Registry& registry_;
  const crd::ResourceInfo& quotas_;
  std::map<std::string, std::set<std::string>> by_namespace_;  // names of quotas
  runtime::WorkQueue queue_;
  runtime::Controller controller_;
};

}  // namespace berth::reconcile
