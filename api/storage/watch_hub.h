#pragma once

#include <deque>
#include <list>
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
  std::weak_ptr<const Object> object;
  std::weak_ptr<const Object> previous_object;

  std::size_t weight() const { return sizeof(Record) + text->size() + key.name.size() + key.ns.size(); }
  WatchEvent event() const;
};

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
  Result<std::unique_ptr<Watcher>> watch(const std::string& resource, const std::string& ns, Revision from);
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
  class Reader;
  void drop_oldest();

  Executor executor_;
  StoreOptions options_;
  Revision horizon_ = 0;
  std::deque<std::shared_ptr<const Record>> history_;
  std::size_t history_weight_ = 0;
  std::vector<Revision> garbage_;
  std::shared_ptr<std::list<std::shared_ptr<Subscription>>> subscriptions_;
  std::deque<ObjectPtr> recent_;  // the objects of the newest changes, so that prompt readers need not parse
};

// The object that `text` holds, stamped with `revision`. REQUIRES: text made by a store.
ObjectPtr parse_stored(const std::string& text, Revision revision);
// Sets metadata.resourceVersion.
void stamp_revision(json& body, Revision revision);

}  // namespace berth::storage
