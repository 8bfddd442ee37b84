#include "api/storage/watch_hub.h"

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

struct WatchTest : testing::Test {
  asio::io_context io;
  StoreOptions options;
  std::unique_ptr<Store> store = make_memory_store(io.get_executor());

  void restart() { store = make_memory_store(io.get_executor(), options); }
  void commit(Write write) { ASSERT_TRUE(run_task(io, store->commit(std::move(write))).has_value()); }
  void TearDown() override { run_task(io, store->stop()); }

  static Task<void> read(Watcher& watcher, std::vector<std::string>& seen) {
    while (true) {
      auto event = co_await watcher.next();
      if (event.has_error()) {
        seen.emplace_back(to_string(event.error().reason));
        co_return;
      }
      seen.push_back(show(event.value()));
    }
  }
};

TEST_F(WatchTest, ShowsEachChangeWithTheStateBeforeIt) {
  auto watcher = store->watch("things", "", 0).value();
  commit(put(thing("a"), 1));
  commit(put(thing("a"), 2));
  commit(erase(thing("a")));
  commit(put(thing("a"), 3));
  EXPECT_THAT(drain(*watcher), ElementsAre("+a@1=1", "~a@2=2<1", "-a@3=2<2", "+a@4=3"));
  EXPECT_THAT(drain(*watcher), IsEmpty());
}

TEST_F(WatchTest, SelectsByResourceAndNamespace) {
  auto all = store->watch("things", "", 0).value();
  auto one = store->watch("things", "ci", 0).value();
  auto other = store->watch("others", "", 0).value();
  commit(put(thing("a", "ci"), 1));
  commit(put(thing("b", "dev"), 2));
  EXPECT_THAT(drain(*all), ElementsAre("+a@1=1", "+b@2=2"));
  EXPECT_THAT(drain(*one), ElementsAre("+a@1=1"));
  EXPECT_THAT(drain(*other), IsEmpty());
}

TEST_F(WatchTest, OfOneNameTheOthersAreNotHeard) {
  commit(put(thing("a", "ci"), 1));
  commit(put(thing("b", "ci"), 2));
  auto one = store->watch_part("things", {"ci", "a"}, 0).value();
  auto anywhere = store->watch_part("things", {"", "a"}, 2).value();
  commit(put(thing("a", "dev"), 3));
  commit(put(thing("b", "ci"), 4));
  commit(erase(thing("a", "ci")));
  EXPECT_THAT(drain(*one), ElementsAre("+a@1=1", "-a@5=1<1"));
  EXPECT_THAT(drain(*anywhere), ElementsAre("+a@3=3", "-a@5=1<1"));
}

TEST_F(WatchTest, StartsAfterTheRevisionAskedFor) {
  for (int i = 1; i <= 4; ++i) commit(put(thing("a"), i));
  auto watcher = store->watch("things", "", 2).value();
  commit(put(thing("a"), 5));
  EXPECT_THAT(drain(*watcher), ElementsAre("~a@3=3<2", "~a@4=4<3", "~a@5=5<4"));
}

TEST_F(WatchTest, ARevisionInTheFutureIsWaitedFor) {
  auto watcher = store->watch("things", "", 2).value();
  for (int i = 1; i <= 3; ++i) commit(put(thing("a"), i));
  EXPECT_THAT(drain(*watcher), ElementsAre("~a@3=3<2"));
}

TEST_F(WatchTest, NextWaitsAndWakes) {
  auto watcher = store->watch("things", "", 0).value();
  std::vector<std::string> seen;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("read", read(*watcher, seen));
  settle(io);
  EXPECT_THAT(seen, IsEmpty());
  commit(put(thing("a"), 1));
  settle(io);
  EXPECT_THAT(seen, ElementsAre("+a@1=1"));
  run_task(io, group.stop());
  EXPECT_THAT(seen, ElementsAre("+a@1=1"));
  EXPECT_EQ(group.failures(), 0u);
}

TEST_F(WatchTest, TooOldARevisionIsExpired) {
  options.history = 2;
  restart();
  for (int i = 1; i <= 5; ++i) commit(put(thing("a"), i));
  const auto refused = store->watch("things", "", 2);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().reason, Reason::Expired);
  EXPECT_EQ(refused.error().message, "too old resource version: 2 (3)");
  EXPECT_THAT(drain(*store->watch("things", "", 3).value()), ElementsAre("~a@4=4<3", "~a@5=5<4"));
}

TEST_F(WatchTest, AReaderThatIsTooSlowIsClosedAndTheOthersAreNot) {
  options.watcher_buffer = 3;
  restart();
  auto slow = store->watch("things", "", 0).value();
  auto prompt = store->watch("things", "", 0).value();
  for (int i = 1; i <= 4; ++i) {
    commit(put(thing("a"), i));
    EXPECT_EQ(drain(*prompt).size(), 1u);
  }
  EXPECT_THAT(drain(*slow), ElementsAre("Expired"));
  EXPECT_THAT(drain(*slow), ElementsAre("Expired"));
  commit(put(thing("a"), 5));
  EXPECT_THAT(drain(*prompt), ElementsAre("~a@5=5<4"));
}

TEST_F(WatchTest, ALateReaderGetsTheObjectsThoughNobodyHoldsThemAnyMore) {
  auto watcher = store->watch("things", "", 0).value();
  for (int i = 0; i < 1000; ++i) commit(put(thing("a"), i));
  const auto events = drain(*watcher);
  ASSERT_EQ(events.size(), 1000u);
  EXPECT_EQ(events[0], "+a@1=0");
  EXPECT_EQ(events[1], "~a@2=1<0");
  EXPECT_EQ(events[999], "~a@1000=999<998");
}

TEST_F(WatchTest, StopEndsAWaitingReader) {
  auto watcher = store->watch("things", "", 0).value();
  std::vector<std::string> seen;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("read", read(*watcher, seen));
  settle(io);
  run_task(io, store->stop());
  settle(io);
  EXPECT_THAT(seen, ElementsAre("Cancelled"));
  run_task(io, group.stop());
}

}  // namespace
}  // namespace berth::storage
