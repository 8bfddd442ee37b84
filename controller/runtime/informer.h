#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/client/client.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "base/turns.h"

namespace berth::runtime {

// A local, always catching-up copy of one resource: list, then watch, relist when the watch expired. Loop thread only.
class Informer {
 public:
  // `old` is null for an object that is new to the cache, `now` is null for one that is gone.
  using Handler = std::function<void(const ObjectPtr& old, const ObjectPtr& now, bool initial)>;

  Informer(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& resource);

  void on_change(Handler handler);  // before start()
  void start();
  Task<void> synced();  // after the first list was handed to every handler
  Task<void> stop();

  ObjectPtr get(const ObjectKey& key) const;  // null when it is not there
  std::vector<ObjectPtr> list() const;
  // After a write of one's own: takes `object` into the cache if it is newer, so that the next look is not stale. Handlers run.
  void observe(const ObjectPtr& object);

 private:
  Task<void> run();
  Task<Error> list_and_watch(int& failures);
  Task<void> replace_all(api::ListResult listed);
  void apply(const ObjectKey& key, ObjectPtr now, std::uint64_t revision, bool initial);
  void remember_gone(const ObjectKey& key, std::uint64_t revision);

  base::Clock& clock_;
  api::Client& client_;
  const crd::ResourceInfo& resource_;
  std::vector<Handler> handlers_;
  std::map<ObjectKey, KeptObject> cache_;
  std::map<ObjectKey, std::uint64_t> gone_;  // revision at which a key was last seen deleted
  bool synced_ = false;
  base::Signal changed_;
  base::Turns turns_;
  TaskGroup tasks_;
};

}  // namespace berth::runtime
