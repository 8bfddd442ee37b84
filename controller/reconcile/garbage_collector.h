#pragma once

#include "api/registry.h"
#include "controller/reconcile/object_feed.h"
#include "controller/reconcile/owner_index.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/workqueue.h"

namespace berth::reconcile {

// Removes objects whose owners are gone, and carries out the finalizers foregroundDeletion (dependents first) and orphan
// (dependents lose the reference). Owners are cluster-scoped or in the namespace of their dependents, and are told by uid; one whose
// kind berth does not serve is left alone with all that it owns. Keys are uids. Loop thread only.
class GarbageCollector final : public runtime::Reconciler {
 public:
  static constexpr const char* kName = "garbagecollector";
  static constexpr int kWorkers = 16;  // each waits for the store: so many deletions share a commit

  // `feed` must not have been started.
  GarbageCollector(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed,
                   metrics::RuntimeMetrics& metrics);
  void start();  // after the feed
  Task<void> stop();

  Task<Result<runtime::Outcome>> reconcile(ObjectKey key, runtime::ReconcileContext context) override;
  void report_unfinished() { queue_.report_unfinished(); }

 private:
  enum class OwnerState { Unknown, Absent, Present, Collecting };
  struct Dependent {
    const crd::ResourceInfo* resource = nullptr;
    ObjectPtr object;
    bool blocks = false;
  };

  void changed(const ObjectFeed::Change& change);
  void look_at(const std::string& uid, int priority = 0) { queue_.add({"", uid}, priority); }
  OwnerState state_of(const OwnerReference& owner, const OwnerIndex::Node& dependent) const;
  std::vector<Dependent> stored_dependents(const OwnerIndex::Node& owner, const std::string& uid) const;
  bool belongs(const OwnerIndex::Node& dependent, const OwnerIndex::Node& owner) const;

  Task<Result<runtime::Outcome>> collect_dependents(OwnerIndex::Node node, std::string uid);
  Task<Result<runtime::Outcome>> orphan_dependents(OwnerIndex::Node node, std::string uid);
  Task<Result<runtime::Outcome>> collect(OwnerIndex::Node node, std::string uid);
  Task<Result<runtime::Outcome>> remove(OwnerIndex::Node node, std::string uid, api::Propagation propagation);

  api::Registry& registry_;
  OwnerIndex index_;
  runtime::WorkQueue queue_;
  runtime::Controller controller_;
};

}  // namespace berth::reconcile
