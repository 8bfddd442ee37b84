#include "base/task_group.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/signal.h"

namespace berth::base {
namespace {

Task<void> wait_on(Signal& signal, int& woken) {
  co_await signal.wait();
  ++woken;
}

Task<void> fail() {
  throw std::runtime_error("on purpose");
  co_return;
}

Task<int> stop_group(TaskGroup& group) {
  co_await group.stop();
  co_return 7;
}

TEST(TaskGroup, StopEndsWaitingTasksWithoutWakingThem) {
  asio::io_context io;
  Signal signal(io.get_executor());
  int woken = 0;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("a", wait_on(signal, woken));
  group.spawn("b", wait_on(signal, woken));
  EXPECT_EQ(run_main(io, stop_group(group)), 7);
  EXPECT_EQ(woken, 0);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(group.failures(), 0u);
}

TEST(TaskGroup, CountsATaskThatThrows) {
  asio::io_context io;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("fail", fail());
  io.run();
  EXPECT_EQ(group.failures(), 1u);
}

TEST(TaskGroup, DropsWorkSpawnedAfterStop) {
  asio::io_context io;
  Signal signal(io.get_executor());
  int woken = 0;
  TaskGroup group(io.get_executor(), "test");
  run_main(io, stop_group(group));
  group.spawn("late", wait_on(signal, woken));
  EXPECT_EQ(group.size(), 0u);
}

TEST(Signal, WakesEveryWaiterOnce) {
  asio::io_context io;
  Signal signal(io.get_executor());
  int woken = 0;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("a", wait_on(signal, woken));
  group.spawn("b", wait_on(signal, woken));
  io.poll();
  signal.notify_all();
  io.poll();
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace berth::base
