#pragma once

#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "crd/object.h"

namespace berth::runtime {

struct ReconcileContext {
  std::string reconcile_id;  // one field that follows a pass through the log
  base::Deadline deadline;
};

// requeue_after: look at the key again then, whatever happens; nothing: only when something happens.
struct Outcome {
  std::optional<base::Duration> requeue_after;
};

// Makes the world match one key, whatever happened before. Level-triggered: it learns nothing of the event that woke it.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  // An error is retried with back-off; Invalid and InvalidSpec are terminal (counted, not retried).
  virtual Task<Result<Outcome>> reconcile(ObjectKey key, ReconcileContext context) = 0;
};

}  // namespace berth::runtime
