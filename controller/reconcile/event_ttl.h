#pragma once

#include <map>
#include <set>
#include <utility>

#include "api/registry.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/reconcile/object_feed.h"

namespace berth::reconcile {

struct EventTtlOptions {
  base::Duration keep = std::chrono::hours(1);
  std::size_t most = 20000;  // of all namespaces together; the oldest go first
};

// Removes Events that were not written for an hour, whoever wrote them, and the oldest when there are too many. Sleeps until the
// next one is due. Loop thread only.
class EventTtl {
 public:
  // `feed` must not have been started.
  EventTtl(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed, EventTtlOptions options = {});
  void start();
  Task<void> stop();

 private:
  struct Written {
    base::SystemTime time{};
    std::uint64_t revision = 0;
  };

  void changed(const ObjectFeed::Change& change);
  void note(const ObjectKey& key, const Written* written);
  Task<void> run();
  Task<void> remove(ObjectKey key, std::uint64_t revision);
  bool is_due(base::SystemTime written) const;

  base::Clock& clock_;
  api::Registry& registry_;
  const crd::ResourceInfo& events_;
  const EventTtlOptions options_;
  std::map<ObjectKey, Written> written_;
  std::set<std::pair<base::SystemTime, ObjectKey>> oldest_;
  std::size_t failures_ = 0;  // of the last removals
  base::Signal changed_;
  TaskGroup removals_;
  TaskGroup tasks_;
};

}  // namespace berth::reconcile
