#include "api/storage/journaled_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_journal.h"
#include "tests/unit/api/storage/store_helpers.h"

namespace berth::storage {
namespace {

using fakes::run_task;
using fakes::settle;
using testing::ElementsAre;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

struct JournaledStoreTest : testing::Test {
  asio::io_context io;
  std::shared_ptr<fakes::FakeDisk> disk = std::make_shared<fakes::FakeDisk>();
  StoreOptions options;
  std::unique_ptr<Store> store = fakes::open_fake_store(io.get_executor(), disk);
  Commits commits{io};

  void reopen() { store = fakes::open_fake_store(io.get_executor(), disk, options); }
  Result<ObjectPtr> commit(Write write) { return run_task(io, store->commit(std::move(write))); }
  Reason refused(Write write) {
    const auto result = commit(std::move(write));
    EXPECT_TRUE(result.has_error());
    return result.has_error() ? result.error().reason : Reason::Cancelled;
  }
  void TearDown() override {
    disk->hold = false;
    disk->release();
    run_task(io, commits.group().stop());
    run_task(io, store->stop());
  }
};

TEST_F(JournaledStoreTest, StampsTheRevisionWhateverTheBodySays) {
  auto write = put(thing("a"), 1);
  (*write.body)["metadata"]["resourceVersion"] = "999";
  EXPECT_EQ(commit(std::move(write)).value()->revision(), 1u);
  EXPECT_EQ(store->get(thing("a"))->body()["metadata"]["resourceVersion"], "1");
  EXPECT_EQ(store->revision(), 1u);
}

TEST_F(JournaledStoreTest, RefusesWhatContradictsThePrecondition) {
  EXPECT_EQ(refused(put(thing("a"), 1, 7)), Reason::NotFound);
  EXPECT_EQ(refused(erase(thing("a"))), Reason::NotFound);
  EXPECT_EQ(refused(erase(thing("a"), 0)), Reason::NotFound);
  EXPECT_EQ(commit(put(thing("a"), 1, 0)).value()->revision(), 1u);
  EXPECT_EQ(refused(put(thing("a"), 2, 0)), Reason::AlreadyExists);
  EXPECT_EQ(refused(put(thing("a"), 2, 7)), Reason::Conflict);
  EXPECT_EQ(refused(erase(thing("a"), 7)), Reason::Conflict);
  EXPECT_EQ(commit(put(thing("a"), 2, 1)).value()->revision(), 2u);
  const auto gone = commit(erase(thing("a"), 2)).value();
  EXPECT_EQ(gone->revision(), 3u);
  EXPECT_EQ(value_of(gone), 2);
  EXPECT_EQ(store->get(thing("a")), nullptr);
}

TEST_F(JournaledStoreTest, RefusesABodyThatIsNoObjectAndUsesNoRevisionForIt) {
  EXPECT_EQ(refused({thing("a"), json::array(), std::nullopt}), Reason::BadRequest);
  EXPECT_EQ(refused({thing("a"), json{{"metadata", 3}}, std::nullopt}), Reason::BadRequest);
  EXPECT_EQ(commit(put(thing("a"), 1)).value()->revision(), 1u);
}

TEST_F(JournaledStoreTest, ListsByNamespaceThenName) {
  for (const auto& [ns, name] : std::vector<std::pair<std::string, std::string>>{
           {"b", "x"}, {"a", "z"}, {"a", "y"}, {"a-b", "x"}, {"c", "w"}}) {
    commit(put(thing(name, ns), 0));
  }
  commit({StoreKey{"thingsx", "a", "other"}, thing_body(thing("other"), 0), std::nullopt});
  const auto names = [&](const std::string& ns) {
    Strings found;
    for (const auto& object : store->list("things", ns).items) found.push_back(object->key().str());
    return found;
  };
  EXPECT_THAT(names(""), ElementsAre("a/y", "a/z", "a-b/x", "b/x", "c/w"));
  EXPECT_THAT(names("a"), ElementsAre("a/y", "a/z"));
  EXPECT_THAT(names("nope"), IsEmpty());
  EXPECT_EQ(store->list("things", "a").revision, 6u);
}

TEST_F(JournaledStoreTest, ShowsAChangeToNobodyBeforeItIsDurable) {
  disk->hold = true;
  auto watcher = store->watch("things", "", 0).value();
  commits.start(*store, put(thing("a"), 1));
  settle(io);
  EXPECT_EQ(disk->batches.size(), 1u);
  EXPECT_EQ(store->get(thing("a")), nullptr);
  EXPECT_TRUE(store->list("things", "").items.empty());
  EXPECT_EQ(store->revision(), 0u);
  EXPECT_THAT(drain(*watcher), IsEmpty());
  disk->release();
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
  EXPECT_THAT(drain(*watcher), ElementsAre("+a@1=1"));
  settle(io);
  EXPECT_THAT(commits.outcomes(), ElementsAre("1"));
}

TEST_F(JournaledStoreTest, ChecksPreconditionsAgainstCommitsInFlight) {
  disk->hold = true;
  commits.start(*store, put(thing("a"), 1, 0));
  commits.start(*store, put(thing("a"), 2, 0));  // loses the race
  commits.start(*store, put(thing("a"), 3, 1));  // sees the first
  commits.start(*store, put(thing("a"), 4, 1));  // too late
  commits.start(*store, erase(thing("a"), 2));
  commits.start(*store, erase(thing("a")));
  commits.start(*store, put(thing("a"), 5, 0));
  settle(io);
  // Nobody is refused before the reason can be seen.
  EXPECT_THAT(commits.outcomes(), testing::Each("pending"));
  while (disk->release()) settle(io);
  EXPECT_THAT(commits.outcomes(), ElementsAre("1", "AlreadyExists", "2", "Conflict", "3", "NotFound", "4"));
  EXPECT_EQ(value_of(store->get(thing("a"))), 5);
}

TEST_F(JournaledStoreTest, ARefusalByACommitThatFailedIsReconsidered) {
  disk->hold = true;
  commits.start(*store, put(thing("a"), 1, 0));
  settle(io);
  commits.start(*store, put(thing("a"), 2, 0));
  settle(io);
  disk->failure = base::error(Reason::InternalError, "I/O error");
  disk->release();
  disk->failure.reset();
  settle(io);
  disk->release();
  settle(io);
  EXPECT_THAT(commits.outcomes(), ElementsAre("InternalError", "2"));
}

TEST_F(JournaledStoreTest, WritesWhatGatheredDuringABatchAsOneBatch) {
  disk->hold = true;
  commits.start(*store, put(thing("a"), 1));
  settle(io);
  for (int i = 0; i < 50; ++i) commits.start(*store, put(thing("n" + std::to_string(i)), i));
  settle(io);
  disk->release();
  settle(io);
  disk->release();
  settle(io);
  ASSERT_EQ(disk->batches.size(), 2u);
  EXPECT_EQ(disk->batches[1].changes.size(), 50u);
  EXPECT_EQ(store->revision(), 51u);
}

TEST_F(JournaledStoreTest, AFailedBatchFailsEverythingInFlightAndShowsNothingOfIt) {
  commit(put(thing("a"), 1));
  auto watcher = store->watch("things", "", 1).value();
  disk->hold = true;
  commits.start(*store, put(thing("a"), 2));
  settle(io);
  commits.start(*store, put(thing("a"), 3, 2));  // built on the one that will fail
  commits.start(*store, put(thing("b"), 1));
  settle(io);
  disk->failure = base::error(Reason::DiskPressure, "disk is full");
  disk->release();
  settle(io);
  EXPECT_THAT(commits.outcomes(), ElementsAre("DiskPressure", "DiskPressure", "DiskPressure"));
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
  EXPECT_EQ(store->get(thing("b")), nullptr);
  EXPECT_EQ(store->revision(), 1u);
  EXPECT_THAT(drain(*watcher), IsEmpty());
}

TEST_F(JournaledStoreTest, GoesOnAfterAFailureWithFreshRevisions) {
  commit(put(thing("a"), 1));
  disk->failure = base::error(Reason::InternalError, "I/O error");
  EXPECT_EQ(refused(put(thing("a"), 2)), Reason::InternalError);
  EXPECT_EQ(refused(put(thing("b"), 2)), Reason::InternalError);
  disk->failure.reset();
  const auto after = commit(put(thing("a"), 3, 1));  // the failed write did not happen
  EXPECT_EQ(after.value()->revision(), 4u);
  auto watcher = store->watch("things", "", 1).value();
  EXPECT_THAT(drain(*watcher), ElementsAre("~a@4=3<1"));
}

TEST_F(JournaledStoreTest, ACancelledCallerDoesNotTakeTheChangeBack) {
  disk->hold = true;
  commits.start(*store, put(thing("a"), 1));
  settle(io);
  commits.group().cancel();
  settle(io);
  EXPECT_EQ(commits.group().size(), 0u);
  disk->release();
  settle(io);
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
}

TEST_F(JournaledStoreTest, StopWaitsForCommitsInFlightAndRefusesNewOnes) {
  disk->hold = true;
  commits.start(*store, put(thing("a"), 1));
  settle(io);
  commits.start(*store, put(thing("b"), 1));
  settle(io);
  auto watcher = store->watch("things", "", 0).value();
  bool stopped = false;
  TaskGroup group(io.get_executor(), "stop");
  struct Stop {
    static Task<void> run(Store& store, bool& stopped) {
      co_await store.stop();
      stopped = true;
    }
  };
  group.spawn("stop", Stop::run(*store, stopped));
  settle(io);
  EXPECT_FALSE(stopped);
  EXPECT_THAT(drain(*watcher), ElementsAre("Cancelled"));
  EXPECT_EQ(refused(put(thing("c"), 1)), Reason::Cancelled);
  while (disk->release()) settle(io);
  EXPECT_TRUE(stopped);
  EXPECT_THAT(commits.outcomes(), ElementsAre("1", "2"));
}

TEST_F(JournaledStoreTest, AWatcherMayOutliveTheStore) {
  commit(put(thing("a"), 1));
  auto watcher = store->watch("things", "", 0).value();
  run_task(io, store->stop());
  reopen();
  EXPECT_THAT(drain(*watcher), ElementsAre("Cancelled"));
}

TEST_F(JournaledStoreTest, ReloadBringsBackObjectsRevisionAndHistory) {
  commit(put(thing("a"), 1));
  commit(put(thing("b"), 2));
  commit(put(thing("a"), 3));
  commit(erase(thing("b")));
  reopen();
  EXPECT_EQ(store->revision(), 4u);
  EXPECT_EQ(store->get(thing("a"))->revision(), 3u);
  EXPECT_EQ(store->get(thing("b")), nullptr);
  auto watcher = store->watch("things", "", 1).value();
  EXPECT_THAT(drain(*watcher), ElementsAre("+b@2=2", "~a@3=3<1", "-b@4=2<2"));
  EXPECT_EQ(commit(put(thing("c"), 1)).value()->revision(), 5u);
}

TEST_F(JournaledStoreTest, CompactErasesWhatNobodyNeedsAndKeepsObjects) {
  commit(put(thing("a"), 1));
  commit(put(thing("b"), 1));
  commit(put(thing("a"), 2));
  commit(erase(thing("b")));
  EXPECT_TRUE(run_task(io, store->compact(99)).has_value());
  EXPECT_EQ(disk->rows.size(), 1u);
  EXPECT_EQ(disk->compacted, 4u);
  EXPECT_EQ(store->watch("things", "", 3).error().reason, Reason::Expired);
  EXPECT_TRUE(store->watch("things", "", 4).has_value());
  reopen();
  EXPECT_EQ(store->revision(), 4u);  // though the newest change left the disk
  EXPECT_EQ(value_of(store->get(thing("a"))), 2);
  EXPECT_EQ(store->watch("things", "", 3).error().reason, Reason::Expired);
}

TEST_F(JournaledStoreTest, CompactGoesOnInBatchesOfBoundedSize) {
  for (int i = 0; i < 1000; ++i) commits.start(*store, put(thing("a"), i));
  settle(io);
  disk->batches.clear();
  EXPECT_TRUE(run_task(io, store->compact(1000)).has_value());
  EXPECT_GT(disk->batches.size(), 3u);
  for (const auto& batch : disk->batches) EXPECT_LE(batch.erase.size(), 256u);
  EXPECT_EQ(disk->rows.size(), 1u);
}

TEST_F(JournaledStoreTest, CompactReportsAFailureAndLosesNoGarbage) {
  for (int i = 0; i < 5; ++i) commit(put(thing("a"), i));
  disk->failure = base::error(Reason::DiskPressure, "disk is full");
  EXPECT_EQ(run_task(io, store->compact(5)).error().reason, Reason::DiskPressure);
  EXPECT_EQ(disk->rows.size(), 5u);
  disk->failure.reset();
  EXPECT_TRUE(run_task(io, store->compact(5)).has_value());
  EXPECT_EQ(disk->rows.size(), 1u);
}

TEST_F(JournaledStoreTest, HistoryIsPrunedByItselfInMemoryAndOnDisk) {
  options.history = 10;
  reopen();
  for (int i = 0; i < 100; ++i) commit(put(thing("a"), i));
  EXPECT_LE(disk->rows.size(), 12u);
  EXPECT_EQ(store->watch("things", "", 89).error().reason, Reason::Expired);
  auto watcher = store->watch("things", "", 90).value();
  EXPECT_EQ(drain(*watcher).size(), 10u);
}

TEST_F(JournaledStoreTest, HistoryIsBoundedByItsWeightToo) {
  options.history_bytes = 5000;
  reopen();
  for (int i = 0; i < 100; ++i) commit(put(thing("a"), i));
  EXPECT_EQ(store->watch("things", "", 80).error().reason, Reason::Expired);
  EXPECT_TRUE(store->watch("things", "", 99).has_value());
}

TEST_F(JournaledStoreTest, StopEndsACompaction) {
  for (int i = 0; i < 1000; ++i) commits.start(*store, put(thing("a"), i));
  settle(io);
  disk->hold = true;
  std::string outcome;
  TaskGroup group(io.get_executor(), "compact");
  struct Compact {
    static Task<void> run(Store& store, std::string& outcome) {
      const auto result = co_await store.compact(1000);
      outcome = result.has_value() ? "ok" : std::string(to_string(result.error().reason));
    }
  };
  group.spawn("compact", Compact::run(*store, outcome));
  settle(io);
  disk->hold = false;
  disk->release();
  run_task(io, store->stop());
  EXPECT_EQ(outcome, "Cancelled");
  run_task(io, group.join());
  reopen();
  EXPECT_EQ(value_of(store->get(thing("a"))), 999);
}

// A deletion's mark must not leave the disk before what it deleted: a crash in between would bring the object
// back.
TEST_F(JournaledStoreTest, ADeletedObjectStaysDeletedWhereverCompactionIsCut) {
  for (int i = 0; i < 600; ++i) commits.start(*store, put(thing("n" + std::to_string(i)), i));
  for (int i = 0; i < 600; ++i) commits.start(*store, erase(thing("n" + std::to_string(i))));
  settle(io);
  disk->hold = true;
  TaskGroup group(io.get_executor(), "compact");
  struct Compact {
    static Task<void> run(Store& store) { co_await store.compact(1200); }
  };
  group.spawn("compact", Compact::run(*store));
  settle(io);
  int batches = 0;
  do {
    const auto after_crash = fakes::open_fake_store(io.get_executor(), disk);
    EXPECT_TRUE(after_crash->list("things", "").items.empty()) << "after " << batches << " batches";
    EXPECT_EQ(after_crash->revision(), 1200u);
    ++batches;
    if (!disk->release()) break;
    settle(io);
  } while (true);
  EXPECT_GT(batches, 4);
  EXPECT_TRUE(disk->rows.empty());
}

}  // namespace
}  // namespace berth::storage
