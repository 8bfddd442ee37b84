#include "tests/fakes/fake_clock.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "base/task_group.h"
#include "base/time.h"
#include "tests/fakes/run_task.h"

namespace berth::fakes {
namespace {

using std::chrono::seconds;

Task<void> sleep_and_note(base::Clock& clock, base::Duration duration, int id, std::vector<int>& woken) {
  const auto when = clock.steady_now() + duration;
  co_await clock.sleep_until(when);
  woken.push_back(id);
}

Task<void> tick(base::Clock& clock, std::vector<base::SteadyTime>& ticks) {
  while (true) {
    co_await clock.sleep_for(seconds(1));
    ticks.push_back(clock.steady_now());
  }
}

Task<int> sleep_long(base::Clock& clock) {
  co_await clock.sleep_for(std::chrono::hours(24));
  co_return 7;
}

struct FakeClockTest : testing::Test {
  asio::io_context io;
  FakeClock clock;
  TaskGroup group{io.get_executor(), "test"};
  std::vector<int> woken;
  void TearDown() override { run_task(io, group.stop()); }
};

TEST_F(FakeClockTest, StandsStillUntilAdvanced) {
  EXPECT_EQ(base::format_time(clock.system_now()), "2026-01-01T00:00:00Z");
  const auto before = clock.steady_now();
  clock.advance(seconds(61));
  EXPECT_EQ(base::format_time(clock.system_now()), "2026-01-01T00:01:01Z");
  EXPECT_EQ(clock.steady_now() - before, seconds(61));
  clock.step_system(-seconds(1));
  EXPECT_EQ(base::format_time(clock.system_now()), "2026-01-01T00:01:00Z");
  EXPECT_EQ(clock.steady_now() - before, seconds(61));
}

TEST_F(FakeClockTest, WakesSleepersInOrderOfTimeThenOfGoingToSleep) {
  group.spawn("c", sleep_and_note(clock, seconds(3), 3, woken));
  group.spawn("a", sleep_and_note(clock, seconds(1), 1, woken));
  group.spawn("d", sleep_and_note(clock, seconds(3), 4, woken));
  group.spawn("b", sleep_and_note(clock, seconds(2), 2, woken));
  group.spawn("never", sleep_and_note(clock, seconds(9), 9, woken));
  settle(io);
  EXPECT_EQ(clock.sleepers(), 5u);
  clock.advance(seconds(3));
  EXPECT_TRUE(woken.empty());
  settle(io);
  EXPECT_EQ(woken, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(clock.sleepers(), 1u);
}

TEST_F(FakeClockTest, APastTimeEndsAtOnce) {
  group.spawn("past", sleep_and_note(clock, -seconds(1), 1, woken));
  settle(io);
  EXPECT_EQ(woken, std::vector<int>{1});
}

TEST_F(FakeClockTest, CancelEndsASleepWithoutWakingIt) {
  group.spawn("a", sleep_and_note(clock, seconds(1), 1, woken));
  settle(io);
  group.cancel();
  settle(io);
  EXPECT_EQ(clock.sleepers(), 0u);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(group.failures(), 0u);
  clock.advance(seconds(2));
  settle(io);
  EXPECT_TRUE(woken.empty());
}

TEST_F(FakeClockTest, RunForShowsARepeatedSleeperEachOfItsTimes) {
  std::vector<base::SteadyTime> ticks;
  const auto start = clock.steady_now();
  group.spawn("tick", tick(clock, ticks));
  run_for(io, clock, std::chrono::milliseconds(3500));
  ASSERT_EQ(ticks.size(), 3u);
  EXPECT_EQ(ticks[2] - start, seconds(3));
  EXPECT_EQ(clock.steady_now() - start, std::chrono::milliseconds(3500));
}

TEST_F(FakeClockTest, RunTaskWithAClockSkipsThroughSleeps) {
  EXPECT_EQ(run_task(io, clock, sleep_long(clock)), 7);
}

}  // namespace
}  // namespace berth::fakes
