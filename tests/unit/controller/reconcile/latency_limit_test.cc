#include "controller/reconcile/latency_limit.h"

#include <gtest/gtest.h>

#include <chrono>

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;

int after(LatencyLimit& limit, int calls, base::Duration each, bool waiting = true, const char* operation = "create") {
  for (int i = 0; i < calls; ++i) limit.ended(operation, each, waiting);
  return limit.limit();
}

TEST(LatencyLimit, GrowsToItsMaximumWhileCallsStayFastAndOthersWait) {
  LatencyLimit limit(2, 4, 12);
  EXPECT_EQ(after(limit, 8, 20ms), 5);
  EXPECT_EQ(after(limit, 1000, 25ms), 12);
}

TEST(LatencyLimit, DoesNotGrowWhenNobodyWaits) {
  LatencyLimit limit(2, 4, 12);
  EXPECT_EQ(after(limit, 1000, 20ms, false), 4);
}

TEST(LatencyLimit, FallsByAQuarterWhenCallsTakeMoreThanThriceAsLong) {
  LatencyLimit limit(2, 8, 16);
  after(limit, 8, 20ms, false);
  EXPECT_EQ(after(limit, 8, 200ms), 6);
  EXPECT_EQ(after(limit, 8, 200ms), 5);
}

TEST(LatencyLimit, IsNeverBelowItsMinimumAndRisesAgainWhenTheEngineHasRecovered) {
  LatencyLimit limit(2, 8, 16);
  after(limit, 8, 20ms, false);
  EXPECT_EQ(after(limit, 64, 5s), 2);
  EXPECT_GT(after(limit, 100, 20ms), 8);
}

TEST(LatencyLimit, AnEngineThatHasBecomeSlowerForGoodIsNotHeldAtTheMinimum) {
  LatencyLimit limit(2, 8, 16);
  after(limit, 8, 20ms, false);
  EXPECT_EQ(after(limit, 64, 200ms), 2);
  EXPECT_EQ(after(limit, 2000, 200ms), 16);
}

TEST(LatencyLimit, ASlowOperationIsMeasuredByItself) {
  LatencyLimit limit(2, 4, 16);
  after(limit, 8, 10ms, true, "create");
  for (int i = 0; i < 500; ++i) {
    limit.ended("create", 10ms, true);
    limit.ended("remove", 400ms, true);
  }
  EXPECT_EQ(limit.limit(), 16);
}

// What an engine does that takes one at a time: each waits for all before it.
TEST(LatencyLimit, GivesAnEngineThatTakesOneAtATimeAFewOnly) {
  LatencyLimit limit(1, 2, 32);
  after(limit, 8, 10ms, false);
  int most = 0;
  for (int i = 0; i < 200; ++i) most = std::max(most, limit.ended("create", 10ms * limit.limit(), true));
  EXPECT_LE(most, 4);
}

}  // namespace
}  // namespace berth::reconcile
