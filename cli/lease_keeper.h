#pragma once

#include <string>

#include "base/task_group.h"
#include "cli/session.h"

namespace berth::cli {

// Holds an environment by its Lease: coordination.k8s.io/v1, same name and namespace, renewed every third of its
// duration. When nobody renews it any more, berthd ends the environment. Loop thread only; stop() before destruction.
class LeaseKeeper {
 public:
  LeaseKeeper(Session& session, ObjectPtr environment, base::Duration duration, std::string holder);

  // Makes the Lease. Errors: the server's.
  Task<Result<void>> acquire();
  // Renews it from now on.
  void start();
  Task<void> stop();
  // Removes the Lease; one that is gone already is a success.
  Task<Result<void>> release();

 private:
  Task<void> run();
  Task<Result<void>> renew();
  json body() const;

  Session& session_;
  const crd::ResourceInfo& resource_;
  ObjectPtr environment_;
  base::Duration duration_;
  std::string holder_;
  std::string acquired_;
  TaskGroup group_;
};

}  // namespace berth::cli
