#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/signal.h"
#include "crd/object.h"
#include "metrics/runtime_metrics.h"

namespace berth::runtime {

// A set of keys to look at. One key is never handed to two workers at once; a key added while it is being processed comes
// again after done(). Per key the highest priority and the earliest time win. Ready keys come by priority, then in order of
// arrival. Keys are handed out one at a time, and what the loop has to do besides goes first (base/turns.h): however much there is to
// look at, the API answers. Loop thread only.
class WorkQueue {
 public:
  static constexpr int kResyncPriority = -100;  // first list and resyncs: a user's change overtakes them

  WorkQueue(Executor executor, base::Clock& clock, metrics::RuntimeMetrics& metrics, base::Backoff backoff);
  ~WorkQueue();

  void add(ObjectKey key, int priority = 0);
  void add_after(ObjectKey key, base::Duration delay, int priority = 0);
  // Exponential per key until forget().
  void add_rate_limited(ObjectKey key);
  void forget(const ObjectKey& key);
  int retries(const ObjectKey& key) const;
  // The next key, marked as being processed. nullopt after shut_down(). Cancelled: throws operation_aborted.
  Task<std::optional<ObjectKey>> get();
  // REQUIRES: `key` came from get().
  void done(const ObjectKey& key);
  // Wakes every getter with nullopt; later adds are dropped.
  void shut_down();
  std::size_t depth() const;  // ready, not delayed
  // Brings the series of unfinished work up to date; called before metrics are read.
  void report_unfinished();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::runtime
