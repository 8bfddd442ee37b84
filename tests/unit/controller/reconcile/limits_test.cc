#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/task_group.h"
#include "controller/reconcile/fair_limiter.h"
#include "controller/reconcile/start_limiter.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct LimiterTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  FairLimiter limiter{io.get_executor(), 1};
  std::vector<std::string> order;
  TaskGroup group{io.get_executor(), "test"};

  void ask(const std::string& name, const std::string& ns, int age) {
    group.spawn(name, hold(limiter, clock, order, name, ns, base::SystemTime(std::chrono::seconds(age))));
    fakes::settle(io);
  }
  static Task<void> hold(FairLimiter& limiter, base::Clock& clock, std::vector<std::string>& order, std::string name,
                         std::string ns, base::SystemTime created) {
    auto ticket = co_await limiter.acquire(std::move(ns), created);
    order.push_back(name);
    co_await clock.sleep_for(std::chrono::seconds(1));
  }
  void finish() { fakes::run_for(io, clock, 1min); }
};

TEST_F(LimiterTest, TheOldestEnvironmentIsServedFirst) {
  ask("running", "a", 0);
  ask("young", "a", 30);
  ask("old", "a", 10);
  finish();
  EXPECT_THAT(order, ElementsAre("running", "old", "young"));
  EXPECT_EQ(limiter.in_flight(), 0);
}

TEST_F(LimiterTest, ANamespaceThatHoldsLessIsServedFirst) {
  limiter.set_limit(2);
  ask("big1", "big", 0);
  ask("big2", "big", 0);
  ask("big3", "big", 0);
  ask("small", "small", 99);
  finish();
  EXPECT_THAT(order, ElementsAre("big1", "big2", "small", "big3"));
}

TEST_F(LimiterTest, OneThatStopsWaitingLeavesTheLine) {
  ask("running", "a", 0);
  TaskGroup other(io.get_executor(), "other");
  other.spawn("gone", hold(limiter, clock, order, "gone", "a", {}));
  fakes::settle(io);
  EXPECT_EQ(limiter.waiting(), 1u);
  fakes::run_task(io, other.stop());
  EXPECT_EQ(limiter.waiting(), 0u);
  finish();
  EXPECT_THAT(order, ElementsAre("running"));
  EXPECT_EQ(limiter.in_flight(), 0);
}

TEST_F(LimiterTest, WhenItIsClosedOnlyWhoHasAPlaceGoesOn) {
  ask("running", "a", 0);
  ask("waiting", "a", 0);
  ask("elsewhere", "b", 0);
  limiter.close();
  fakes::settle(io);
  EXPECT_EQ(group.size(), 1u);
  EXPECT_EQ(limiter.waiting(), 0u);
  ask("late", "c", 0);
  finish();
  EXPECT_THAT(order, ElementsAre("running"));
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(limiter.in_flight(), 0);
}

TEST_F(LimiterTest, OfManyNamespacesTheOneWithTheOldestGoesFirst) {
  ask("running", "a", 0);
  ask("b-young", "b", 30);
  ask("c-old", "c", 10);
  ask("b-old", "b", 5);
  finish();
  EXPECT_THAT(order, ElementsAre("running", "b-old", "c-old", "b-young"));
}

TEST_F(LimiterTest, MorePlacesAdmitThoseWhoWait) {
  for (const auto* name : {"1", "2", "3"}) ask(name, "a", 0);
  EXPECT_EQ(limiter.in_flight(), 1);
  limiter.set_limit(3);
  fakes::settle(io);
  EXPECT_EQ(limiter.in_flight(), 3);
  finish();
}

// An engine whose starts get slower in total beyond `best` at once.
struct Engine {
  int best;
  base::Duration duration(int at_once) const {
    const auto each = 1s;
    const double crowded = at_once <= best ? 1.0 : 1.0 + 1.4 * (at_once - best) / best;
    return std::chrono::duration_cast<base::Duration>(each * crowded);
  }
};

Task<void> start_one(StartLimiter& limiter, base::Clock& clock, Engine engine) {
  auto ticket = co_await limiter.acquire("ci", base::SystemTime{});
  const auto takes = engine.duration(limiter.line().in_flight());
  co_await clock.sleep_for(takes);
  limiter.finished();
}

TEST(StartLimiter, BeginsAtTwoPerCpuAndStaysWithinItsBounds) {
  asio::io_context io;
  fakes::FakeClock clock;
  StartLimiter limiter(io.get_executor(), clock, 1);
  limiter.set_cpus(2);
  EXPECT_EQ(limiter.limit(), 4);
  TaskGroup group(io.get_executor(), "test");
  for (int i = 0; i < 2000; ++i) group.spawn("start", start_one(limiter, clock, Engine{1000}));
  fakes::run_for(io, clock, 1h);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_GT(limiter.limit(), 4);
  EXPECT_LE(limiter.limit(), 16);
}

TEST(StartLimiter, GoesBackWhenMoreStartsAtOnceGainNothing) {
  asio::io_context io;
  fakes::FakeClock clock;
  StartLimiter limiter(io.get_executor(), clock, 2);
  TaskGroup group(io.get_executor(), "test");
  for (int i = 0; i < 2000; ++i) group.spawn("start", start_one(limiter, clock, Engine{4}));
  fakes::run_for(io, clock, 2h);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_GE(limiter.limit(), 2);
  EXPECT_LE(limiter.limit(), 6);
}

}  // namespace
}  // namespace berth::reconcile
