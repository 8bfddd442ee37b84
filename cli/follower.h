#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "api/client/client.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::cli {

// The objects of one resource in one namespace and of one name ("" of either = all) and every change of them, across lost
// connections and expired histories: list, watch, and list again when the watch ends. A connection that never came is an error at
// once; one that was lost is tried again until the reader gives up. Loop thread only; stop() before destruction.
class Follower {
 public:
  struct Change {
    ObjectPtr object;  // of a deletion: the last state that was seen
    bool deleted = false;
    bool synced = false;  // no object: the first list is complete
  };

  Follower(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& resource, ObjectKey which);

  void start();
  // The next change; nullopt when `until` came first or after wake(). Errors: those of Client::list, when trying again
  // is of no use.
  Task<Result<std::optional<Change>>> next(base::SteadyTime until);
  void wake();
  // Whether the server is out of reach at the moment.
  bool disconnected() const { return disconnected_; }
  Task<void> stop();

 private:
  Task<void> run();
  Task<Result<void>> follow_once();
  void take_list(const api::ListResult& list);
  void take_event(const storage::WatchEvent& event);
  void push(Change change);

  Executor executor_;
  base::Clock& clock_;
  api::Client& client_;
  const crd::ResourceInfo& resource_;
  const ObjectKey which_;
  std::map<ObjectKey, ObjectPtr> known_;
  std::deque<Change> queue_;
  std::optional<Error> failed_;
  bool synced_ = false;
  bool disconnected_ = false;
  bool woken_ = false;
  base::Signal changed_;
  TaskGroup group_;
};

}  // namespace berth::cli
