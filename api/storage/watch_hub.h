#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/storage/journal.h"
#include "api/storage/memory_store.h"
#include "base/signal.h"

namespace berth::storage {

// One published change as it waits in the history and in watchers' queues: as text, because a parsed object
// takes ten times the memory. The objects come back from whoever still holds them, else from the text.
struct Record {
  EventType type = EventType::Added;
  Revision revision = 0;
  Revision previous_revision = 0;  // of the state that this change replaced; 0 when there was none
  StoreKey key;
  Text text;      // of the new state; for a deletion of the last one
  Text previous;  // null for Added
  // Whoever still has the objects; those who had to read them from the text leave them here.
  mutable std::weak_ptr<const Object> object;
  mutable std::weak_ptr<const Object> previous_object;

  std::size_t weight() const { return sizeof(Record) + text->size() + key.name.size() + key.ns.size(); }
};
using RecordPtr = std::shared_ptr<const Record>;

// The newest changes and those who watch them. All events of a store leave from publish(). Loop thread only.
class WatchHub {
 public:
  WatchHub(Executor executor, StoreOptions options);
  ~WatchHub();  // as close()
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // History before the first publish() is gone up to `revision`.
  void start_at(Revision revision) { horizon_ = revision; }
  // Revisions must rise.
  void publish(Record record);
  // Errors: Expired when `from` lies before horizon().
  Result<std::unique_ptr<StoreWatcher>> watch(const std::string& resource, const ObjectKey& part, Revision from);
  // The first change of each key after `at`: what it replaced is what was there at `at`. Errors: Expired.
  using Undo = std::map<StoreKey, RecordPtr>;
  Result<Undo> undo(const std::string& resource, const std::string& ns, Revision at) const;
  // The state that `record` replaced; null when there was none.
  ObjectPtr before(const Record& record) const;
  // Drops history up to `revision`.
  void forget(Revision revision);
  // The newest revision whose change can no longer be watched.
  Revision horizon() const { return horizon_; }
  // The changes that became superfluous as history was dropped, since the last call.
  std::vector<Revision> take_garbage();
  // Ends every watcher with Cancelled.
  void close();

 private:
  struct Subscription;
  struct Shared;  // with the readers, which may outlive the hub
  class Reader;
  void drop_oldest();
  std::deque<RecordPtr>::const_iterator first_after(Revision revision) const;

  Executor executor_;
  StoreOptions options_;
  Revision horizon_ = 0;
  std::deque<RecordPtr> history_;
  std::size_t history_weight_ = 0;
  std::vector<Revision> garbage_;
  std::shared_ptr<Shared> shared_;
};

// The object that `text` holds, stamped with `revision`. REQUIRES: text made by a store. Errors: those of Object::from_text().
Result<ObjectPtr> read_stored(const Text& text, Revision revision);
// Sets metadata.resourceVersion.
void stamp_revision(json& body, Revision revision);

}  // namespace berth::storage
