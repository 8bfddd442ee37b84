#include "controller/runtime/workqueue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>

#include "base/task_group.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::runtime {
namespace {

using namespace std::chrono_literals;

struct WorkQueueTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  metrics::Registry registry;
  metrics::RuntimeMetrics metrics{registry, "test", 1};
  WorkQueue queue{io.get_executor(), clock, metrics, {10ms, 1s, 2.0}};
  const ObjectKey a{"ns", "a"};
  const ObjectKey b{"ns", "b"};
  const ObjectKey c{"ns", "c"};

  std::string next() {
    auto key = fakes::run_task(io, clock, queue.get());
    return key ? key->name : "";
  }
  double value(const std::string& series) const {
    const auto text = "\n" + registry.text();
    const auto line = "\nworkqueue_" + series + "{name=\"test\"} ";
    const auto at = text.find(line);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
  }
};

Task<void> getter(WorkQueue& queue, std::vector<std::string>& got) {
  while (auto key = co_await queue.get()) got.push_back(key->name);
}

TEST_F(WorkQueueTest, MergesAKeyThatIsAddedTwice) {
  queue.add(a);
  queue.add(a);
  EXPECT_EQ(queue.depth(), 1u);
}

TEST_F(WorkQueueTest, ItsSeriesTellHowLongKeysWaitAndTake) {
  queue.add(a);
  queue.add(b);
  EXPECT_EQ(value("adds_total"), 2);
  EXPECT_EQ(value("depth"), 2);
  clock.advance(3s);
  ASSERT_EQ(next(), "a");
  EXPECT_EQ(value("depth"), 1);
  EXPECT_EQ(value("queue_duration_seconds_count"), 1);
  EXPECT_EQ(value("queue_duration_seconds_sum"), 3);
  clock.advance(1s);
  ASSERT_EQ(next(), "b");
  clock.advance(2s);
  queue.report_unfinished();
  EXPECT_EQ(value("unfinished_work_seconds"), 5);
  EXPECT_EQ(value("longest_running_processor_seconds"), 3);
  queue.done(a);
  queue.done(b);
  queue.report_unfinished();
  EXPECT_EQ(value("unfinished_work_seconds"), 0);
  EXPECT_EQ(value("longest_running_processor_seconds"), 0);
  EXPECT_EQ(value("work_duration_seconds_count"), 2);
  EXPECT_EQ(value("work_duration_seconds_sum"), 5);
  EXPECT_EQ(value("retries_total"), 0);
  queue.add_rate_limited(a);
  EXPECT_EQ(value("retries_total"), 1);
}

TEST_F(WorkQueueTest, HandsOutByPriorityThenByArrival) {
  queue.add(a, WorkQueue::kResyncPriority);
  queue.add(b);
  queue.add(c);
  EXPECT_EQ(next(), "b");
  EXPECT_EQ(next(), "c");
  EXPECT_EQ(next(), "a");
}

// However much there is to look at, the API has its say between two keys.
TEST_F(WorkQueueTest, GivesWayToWhatTheLoopHasReady) {
  std::vector<std::string> got;
  TaskGroup getters(io.get_executor(), "getters");
  getters.spawn("getter", getter(queue, got));
  fakes::settle(io);
  for (const auto& key : {a, b, c}) queue.add(key);
  std::vector<std::size_t> seen;
  std::function<void(int)> request = [&](int left) {
    seen.push_back(got.size());
    if (left > 0) asio::post(io, [&, left] { request(left - 1); });
  };
  request(20);
  fakes::settle(io);
  EXPECT_EQ(got, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_NE(std::find(seen.begin(), seen.end(), 1u), seen.end());
  EXPECT_NE(std::find(seen.begin(), seen.end(), 2u), seen.end());
  fakes::run_task(io, clock, getters.stop());
}

TEST_F(WorkQueueTest, AGetterThatIsCancelledLosesNoKey) {
  std::vector<std::string> got;
  TaskGroup first(io.get_executor(), "first");
  TaskGroup second(io.get_executor(), "second");
  first.spawn("getter", getter(queue, got));
  fakes::settle(io);
  queue.add(a);
  second.spawn("getter", getter(queue, got));
  io.poll_one();
  io.poll_one();
  first.cancel();
  fakes::settle(io);
  EXPECT_EQ(got, (std::vector<std::string>{"a"}));
  fakes::run_task(io, clock, first.stop());
  fakes::run_task(io, clock, second.stop());
}

TEST_F(WorkQueueTest, RaisesThePriorityOfAWaitingKey) {
  queue.add(a, WorkQueue::kResyncPriority);
  queue.add(b, WorkQueue::kResyncPriority);
  queue.add(b);
  EXPECT_EQ(next(), "b");
}

TEST_F(WorkQueueTest, NeverHandsOutAKeyThatIsBeingProcessed) {
  queue.add(a);
  ASSERT_EQ(next(), "a");
  queue.add(a);
  EXPECT_EQ(queue.depth(), 0u);
  queue.done(a);
  EXPECT_EQ(queue.depth(), 1u);
  EXPECT_EQ(next(), "a");
}

TEST_F(WorkQueueTest, TheEarliestTimeOfAKeyWins) {
  queue.add_after(a, 1h);
  queue.add_after(a, 1s);
  queue.add_after(a, 2s);
  const auto before = clock.steady_now();
  EXPECT_EQ(next(), "a");
  EXPECT_EQ(clock.steady_now() - before, 1s);
  queue.done(a);
  EXPECT_EQ(clock.sleepers(), 0u);
}

TEST_F(WorkQueueTest, AnImmediateAddOvertakesADelayedOne) {
  queue.add_after(a, 1h);
  queue.add(a);
  EXPECT_EQ(queue.depth(), 1u);
  EXPECT_EQ(next(), "a");
}

TEST_F(WorkQueueTest, ADelayedAddDoesNotDelayAReadyKey) {
  queue.add(a);
  queue.add_after(a, 1h);
  EXPECT_EQ(queue.depth(), 1u);
}

TEST_F(WorkQueueTest, RateLimitedDelaysDoubleUntilForgotten) {
  for (const auto expected : {10ms, 20ms, 40ms}) {
    queue.add_rate_limited(a);
    const auto before = clock.steady_now();
    EXPECT_EQ(next(), "a");
    EXPECT_EQ(clock.steady_now() - before, expected);
    queue.done(a);
  }
  EXPECT_EQ(queue.retries(a), 3);
  queue.forget(a);
  queue.add_rate_limited(a);
  const auto before = clock.steady_now();
  EXPECT_EQ(next(), "a");
  EXPECT_EQ(clock.steady_now() - before, 10ms);
}

TEST_F(WorkQueueTest, ManyGettersShareOneTimerAndOneOfThemGetsTheKey) {
  std::vector<std::string> got;
  TaskGroup group(io.get_executor(), "test");
  for (int i = 0; i < 4; ++i) group.spawn("getter", getter(queue, got));
  fakes::settle(io);
  queue.add_after(a, 5s);
  fakes::settle(io);
  EXPECT_EQ(clock.sleepers(), 1u);
  fakes::run_for(io, clock, 5s);
  EXPECT_EQ(got, std::vector<std::string>{"a"});
  queue.shut_down();
  fakes::settle(io);
  EXPECT_EQ(group.size(), 0u);
}

TEST_F(WorkQueueTest, AnotherGetterWatchesTheTimeWhenTheFirstIsBusy) {
  std::vector<std::string> got;
  TaskGroup group(io.get_executor(), "test");
  for (int i = 0; i < 2; ++i) group.spawn("getter", getter(queue, got));
  fakes::settle(io);
  queue.add_after(a, 1s);
  queue.add_after(b, 2s);
  fakes::run_for(io, clock, 3s);
  EXPECT_EQ(got, (std::vector<std::string>{"a", "b"}));
  queue.shut_down();
  fakes::settle(io);
}

TEST_F(WorkQueueTest, ShutDownWakesGettersAndDropsLaterAdds) {
  std::vector<std::string> got;
  TaskGroup group(io.get_executor(), "test");
  group.spawn("getter", getter(queue, got));
  fakes::settle(io);
  queue.shut_down();
  queue.add(a);
  fakes::settle(io);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(queue.depth(), 0u);
}

}  // namespace
}  // namespace berth::runtime
