#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "base/unique_fd.h"
#include "crd/object.h"

namespace berth::storage {

// One store-wide counter; an object's resourceVersion is the revision of its last change.
using Revision = std::uint64_t;

struct StoreKey {
  std::string resource;  // "testenvironments.berth.dev"; names with a leading '_' are berth's own and never served
  std::string ns;
  std::string name;
  // As messages name it: things "ns/name".
  std::string str() const { return resource + " \"" + ObjectKey{ns, name}.str() + "\""; }
  auto operator<=>(const StoreKey&) const = default;
};

enum class EventType { Added, Modified, Deleted, Bookmark };

// One change. Deleted carries the last stored state with the revision of the deletion. Bookmark carries no object.
struct WatchEvent {
  EventType type = EventType::Added;
  Revision revision = 0;
  StoreKey key;
  ObjectPtr object;
  ObjectPtr previous;  // the state before: Modified and Deleted; for label selectors and owner mapping
};

struct Write {
  StoreKey key;
  std::optional<json> body;  // nullopt deletes. metadata.resourceVersion in it is ignored: the store stamps it
  // nullopt: whatever is there (create or replace). 0: the key must not exist. Else: exactly this revision.
  std::optional<Revision> expected;
};

// A bounded subscription. Ends (next() fails with Expired) when its reader is too slow: list again. When the store stops, it
// ends with Cancelled. May outlive the store. One reader at a time.
class Watcher {
 public:
  virtual ~Watcher() = default;  // unsubscribes
  // The next change after the last one returned, in commit order, none twice, none left out.
  // Errors: Expired, Cancelled. Cancelled from outside: throws operation_aborted.
  virtual Task<Result<WatchEvent>> next() = 0;
  // A change that is already there, else nullopt; never waits. Errors as next().
  virtual std::optional<Result<WatchEvent>> poll() = 0;
};

// A Watcher of a Store: its reader may also wake up without a change, because it is time to say something else.
class StoreWatcher : public Watcher {
 public:
  // Ends when poll() has something, or at a wake() since the last wait().
  virtual Task<void> wait() = 0;
  virtual void wake() = 0;
};

struct ListResult {
  std::vector<ObjectPtr> items;  // ordered by namespace, then name
  Revision revision = 0;         // of the store, not of the newest item
};

// A whole store as of one revision, in a file that only its descriptor leads to: when that is closed, nothing is left of it.
struct StoreCopy {
  UniqueFd file;
  std::uint64_t bytes = 0;
  Revision revision = 0;
  std::uint64_t objects = 0;
};

// The narrow waist: a revisioned, watchable, durable map. Everything is called from the loop thread; reads answer from
// memory at once, commit() ends when the change is durable. It never reads a clock and knows no kind.
// JournaledStore is it: over a SQLite journal (durable) or none (tests). Both pass tests/property/store_suite_test.cc.
class Store {
 public:
  virtual ~Store() = default;

  // Missing: a null ObjectPtr.
  virtual ObjectPtr get(const StoreKey& key) const = 0;
  // ns "" lists every namespace.
  virtual ListResult list(const std::string& resource, const std::string& ns) const = 0;
  // Shows what list() gave at revision `at`, from the key `start` on, until `see` refuses one. The answer is how many it did not
  // take: that one and those behind it. Older objects that nobody holds any more are read anew, one at a time.
  // Errors: Expired (at is older than the kept history). REQUIRES: at <= revision().
  using See = std::function<bool(const ObjectPtr& object)>;
  virtual Result<std::size_t> visit(const std::string& resource, const std::string& ns, Revision at, const ObjectKey& start,
                                    const See& see) const = 0;
  // Ends when revision() has reached `revision` (true), or at `until` (false). The clock is the caller's.
  virtual Task<bool> reach(Revision revision, base::Clock& clock, base::SteadyTime until) = 0;
  // The stored object with its new resourceVersion; for a deletion the last state with the deletion's revision.
  // Errors: AlreadyExists (expected 0, key there), Conflict (other revision), NotFound (expected != 0 or deletion, key not
  // there), BadRequest (body is no Object), InternalError/DiskPressure (the change is not durable and did not happen; the
  // commits that were made on top of it fail with it), Cancelled (the store is stopping). Concurrent commits are grouped into
  // one transaction; preconditions see every earlier commit of this process, and what made one fail can be read when commit()
  // ends. A caller that is cancelled while it waits
  // does not take the change back.
  virtual Task<Result<ObjectPtr>> commit(Write write) = 0;
  // Every change of `resource` after `from`, in the part's namespace and with its name ("" of either = all). Subscribes first,
  // reads history second, filters by revision third, so nothing falls between. Errors: Expired (from is older than the kept
  // history). `from` in the future waits for it.
  virtual Result<std::unique_ptr<StoreWatcher>> watch_part(const std::string& resource, const ObjectKey& part, Revision from) = 0;
  Result<std::unique_ptr<StoreWatcher>> watch(const std::string& resource, const std::string& ns, Revision from) {
    return watch_part(resource, {ns, ""}, from);
  }
  virtual Revision revision() const = 0;
  // Forgets history up to `revision` (current objects stay). Not needed in daily life: history is bounded by itself
  // (StoreOptions) and what it drops leaves the disk together with later commits.
  virtual Task<Result<void>> compact(Revision revision) = 0;
  // Tells one store from another: another number when it was made anew or came back from a copy, the same as long as its file is. 0: of a
  // store that keeps nothing. The reaper only reports under a store that it does not know.
  virtual std::uint64_t epoch() const = 0;
  // What is durable now. Commits wait while it is made, everything else goes on. Errors: DiskPressure, InternalError (damaged as well),
  // MethodNotAllowed (a store that keeps nothing), Cancelled (the store is stopping).
  virtual Task<Result<StoreCopy>> copy() = 0;
  // Whether the last commit could be made durable. While it could not, asking makes the store try again behind the answer.
  virtual bool writable() = 0;
  // Ends all watchers, waits for outstanding commits. No call after it.
  virtual Task<void> stop() = 0;
};

}  // namespace berth::storage
