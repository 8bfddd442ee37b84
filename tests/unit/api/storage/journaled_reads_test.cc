#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/storage/memory_store.h"
#include "tests/unit/api/storage/store_helpers.h"

namespace berth::storage {
namespace {

using fakes::run_task;
using fakes::settle;
using testing::ElementsAre;
using testing::IsEmpty;

struct StoreReads : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  StoreOptions options;
  std::unique_ptr<Store> store = make_memory_store(io.get_executor());

  void restart() { store = make_memory_store(io.get_executor(), options); }
  void commit(Write write) { ASSERT_TRUE(run_task(io, store->commit(std::move(write))).has_value()); }
  void TearDown() override { run_task(io, store->stop()); }

  // "ci/a=1", with "+n" behind the last one for what was not taken.
  std::vector<std::string> at(Revision revision, const std::string& ns = "", ObjectKey start = {}, std::size_t limit = 99) {
    std::vector<std::string> seen;
    const auto left = store->visit("things", ns, revision, start, [&](const ObjectPtr& object) {
      if (seen.size() == limit) return false;
      seen.push_back(object->key().str() + "=" + std::to_string(value_of(object)));
      EXPECT_LE(object->revision(), revision);
      return true;
    });
    if (left.has_error()) return {std::string(to_string(left.error().reason))};
    if (*left > 0) seen.push_back("+" + std::to_string(*left));
    return seen;
  }
};

TEST_F(StoreReads, ShowsTheStateOfAnyRevisionThatIsKept) {
  commit(put(thing("b"), 1));         // 1
  commit(put(thing("a", "dev"), 2));  // 2
  commit(put(thing("b"), 3));         // 3
  commit(erase(thing("b")));          // 4
  commit(put(thing("a"), 5));         // 5
  commit(put(thing("b"), 6));         // 6
  EXPECT_THAT(at(0), IsEmpty());
  EXPECT_THAT(at(1), ElementsAre("ci/b=1"));
  EXPECT_THAT(at(2), ElementsAre("ci/b=1", "dev/a=2"));
  EXPECT_THAT(at(3), ElementsAre("ci/b=3", "dev/a=2"));
  EXPECT_THAT(at(4), ElementsAre("dev/a=2"));
  EXPECT_THAT(at(5), ElementsAre("ci/a=5", "dev/a=2"));
  EXPECT_THAT(at(6), ElementsAre("ci/a=5", "ci/b=6", "dev/a=2"));
  EXPECT_THAT(at(3, "ci"), ElementsAre("ci/b=3"));
  EXPECT_THAT(at(3, "dev"), ElementsAre("dev/a=2"));
}

TEST_F(StoreReads, GoesOnFromAKeyAndCountsWhatIsLeft) {
  for (const auto* name : {"a", "b", "b-1", "c", "d"}) commit(put(thing(name), 1));
  const auto then = store->revision();
  commit(erase(thing("b-1")));
  commit(put(thing("bb"), 1));
  EXPECT_THAT(at(then, "", {}, 2), ElementsAre("ci/a=1", "ci/b=1", "+3"));
  EXPECT_THAT(at(then, "", {"ci", std::string("b\0", 2)}, 2), ElementsAre("ci/b-1=1", "ci/c=1", "+1"));
  EXPECT_THAT(at(then, "ci", {"ci", std::string("c\0", 2)}, 2), ElementsAre("ci/d=1"));
  EXPECT_THAT(at(store->revision(), "", {"ci", std::string("b\0", 2)}, 2), ElementsAre("ci/bb=1", "ci/c=1", "+1"));
  EXPECT_THAT(at(then, "ci", {"other", ""}, 2), IsEmpty());
  EXPECT_THAT(at(then, "ci", {"aa", "x"}, 1), ElementsAre("ci/a=1", "+4"));
}

TEST_F(StoreReads, WhatIsNoLongerKeptIsExpired) {
  options.history = 2;
  restart();
  for (int i = 1; i <= 5; ++i) commit(put(thing("a"), i));
  EXPECT_THAT(at(2), ElementsAre("Expired"));
  EXPECT_THAT(at(3), ElementsAre("ci/a=3"));
  EXPECT_THAT(at(5), ElementsAre("ci/a=5"));
}

TEST_F(StoreReads, WaitsForARevision) {
  commit(put(thing("a"), 1));
  const auto reached = [this](Revision revision) {
    return run_task(io, clock, store->reach(revision, clock, clock.steady_now() + std::chrono::seconds(3)));
  };
  EXPECT_TRUE(reached(0));
  EXPECT_TRUE(reached(1));
  const auto before = clock.steady_now();
  EXPECT_FALSE(reached(2));
  EXPECT_EQ(clock.steady_now() - before, std::chrono::seconds(3));
}

Task<void> note(Task<bool> task, std::vector<bool>& outcomes) {
  const bool outcome = co_await std::move(task);
  outcomes.push_back(outcome);
}

TEST_F(StoreReads, ARevisionIsReachedAsSoonAsItIsThere) {
  std::vector<bool> outcomes;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("reach", note(store->reach(2, clock, clock.steady_now() + std::chrono::hours(1)), outcomes));
  commit(put(thing("a"), 1));
  settle(io);
  EXPECT_THAT(outcomes, IsEmpty());
  commit(put(thing("b"), 1));
  settle(io);
  EXPECT_THAT(outcomes, ElementsAre(true));
  run_task(io, group.stop());
}

Task<void> count_waits(StoreWatcher& watcher, int& ended) {
  while (true) {
    co_await watcher.wait();
    ++ended;
    while (watcher.poll()) {
    }
  }
}

TEST_F(StoreReads, AWatcherWaitsForChangesAndCalls) {
  auto watcher = store->watch("things", "", 0).value();
  watcher->wake();
  int ended = 0;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("wait", count_waits(*watcher, ended));
  settle(io);
  EXPECT_EQ(ended, 1) << "a call before the wait counts";
  watcher->wake();
  settle(io);
  EXPECT_EQ(ended, 2);
  commit(put(thing("a"), 1));
  settle(io);
  EXPECT_EQ(ended, 3);
  commit(put({"others", "ci", "a"}, 1));
  settle(io);
  EXPECT_EQ(ended, 3);
  run_task(io, group.stop());
}

TEST_F(StoreReads, TheTextOfAnObjectIsKeptOnce) {
  commit(put(thing("a"), 1));
  const auto object = store->get(thing("a"));
  EXPECT_EQ(object->text().get(), store->list("things", "").items[0]->text().get());
  EXPECT_EQ(*object->text(), crd::dump(object->body()));
}

}  // namespace
}  // namespace berth::storage
