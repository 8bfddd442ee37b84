#pragma once

#include <functional>
#include <optional>

#include "api/client/client.h"
#include "base/clock.h"
#include "base/task_group.h"
#include "controller/runtime/informer.h"

namespace berth::reconcile {

// The heartbeats of environments: coordination.k8s.io/v1 Leases of the same namespace and name. Loop thread only.
class LeaseWatch {
 public:
  // `environments` must not have been started; this adds a handler to it.
  LeaseWatch(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& leases,
             runtime::Informer& environments);

  void on_renewal(std::function<void(const ObjectKey&)> handler) { on_renewal_ = std::move(handler); }
  void start();
  Task<void> synced() { return leases_.synced(); }
  Task<void> stop();

  // nullopt: no such Lease, or it was never renewed.
  std::optional<base::SystemTime> renewed(const ObjectKey& key) const;

 private:
  Task<void> remove(ObjectKey key, std::string uid);

  api::Client& client_;
  const crd::ResourceInfo& resource_;
  std::function<void(const ObjectKey&)> on_renewal_;
  runtime::Informer leases_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
