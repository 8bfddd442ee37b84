#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/storage/journal.h"
#include "api/storage/memory_store.h"
#include "api/storage/watch_hub.h"
#include "base/signal.h"

namespace berth::storage {

// The one Store: state and newest history in memory, every change through a Journal before anybody sees it.
// Without a journal nothing outlives it. Loop thread only.
//
// A commit is checked against the state as it will be when everything before it is durable (`in flight`),
// gets its revision and waits. One that is refused because of a commit in flight is told so when that one has
// ended, so that who reads again sees why. Whatever gathers while one batch is being written goes into the
// next. Batches are published in order; when one fails, everything in flight was built on it and fails too.
// Revisions of failed commits are not used again.
class JournaledStore final : public Store {
 public:
  JournaledStore(Executor executor, StoreOptions options, std::unique_ptr<Journal> journal);
  ~JournaledStore() override;

  // Replays what a journal holds, before the first use: changes by rising revision, then finish_load().
  void load(JournalChange change, Revision compacted);
  // Errors: InternalError when a stored object cannot be read.
  Result<void> finish_load(Revision compacted, std::uint64_t epoch = 0);

  ObjectPtr get(const StoreKey& key) const override;
  ListResult list(const std::string& resource, const std::string& ns) const override;
  Result<std::size_t> visit(const std::string& resource, const std::string& ns, Revision at, const ObjectKey& start,
                            const See& see) const override;
  Task<bool> reach(Revision revision, base::Clock& clock, base::SteadyTime until) override;
  Task<Result<ObjectPtr>> commit(Write write) override;
  Result<std::unique_ptr<StoreWatcher>> watch_part(const std::string& resource, const ObjectKey& part, Revision from) override;
  Revision revision() const override { return published_; }
  Task<Result<void>> compact(Revision revision) override;
  std::uint64_t epoch() const override { return epoch_; }
  Task<Result<StoreCopy>> copy() override;
  bool writable() override;
  Task<void> stop() override;

 private:
  struct Entry {
    KeptObject object;
    Text text;
    Revision revision = 0;
  };
  struct Ticket;
  struct InFlight {
    Entry entry;  // object none: deleted
    std::shared_ptr<Ticket> ticket;
  };
  struct Pending {
    JournalChange change;
    Entry after;   // object is the last state when change.body is null
    Entry before;  // object is none when there was none
    ObjectPtr made;  // after.object, so that those who are told of it need not read it
    std::shared_ptr<Ticket> ticket;
  };

  const Entry* current(const StoreKey& key) const;
  std::optional<Error> refusal(const Write& write) const;
  Result<Pending> prepare(Write write);
  void collect_garbage();
  void schedule_flush();
  void flush();
  void written(const Result<void>& result);
  void publish(const Pending& pending);
  void fail_everything_in_flight(const Error& error);

  Executor executor_;
  WatchHub hub_;
  std::unique_ptr<Journal> journal_;
  std::map<StoreKey, Entry> state_;
  std::map<StoreKey, InFlight> in_flight_;  // what the newest commit in flight makes of a key
  std::deque<Pending> queue_;
  std::deque<Pending> running_;
  // Changes that may leave the journal, oldest first: a deletion's mark must not go before what it deleted.
  std::deque<Revision> garbage_;
  std::vector<Revision> running_garbage_;  // those that leave with the running batch
  Revision published_ = 0;
  Revision assigned_ = 0;
  std::uint64_t epoch_ = 0;
  bool flush_scheduled_ = false;
  bool busy_ = false;
  bool stopping_ = false;
  int compacting_ = 0;
  std::uint64_t batches_started_ = 0;
  std::uint64_t batches_ended_ = 0;
  Result<void> last_batch_{};
  base::Signal batch_done_;
  base::Signal change_published_;
  std::shared_ptr<bool> alive_;  // guards handlers that are posted when the store goes
};

}  // namespace berth::storage
