#include "base/time.h"

#include <gtest/gtest.h>

#include "base/backoff.h"

namespace berth::base {
namespace {

using namespace std::chrono_literals;

TEST(Time, FormatsWholeSecondsInUtc) {
  EXPECT_EQ(format_time(SystemTime(1795426603s + 900ms)), "2026-11-23T09:36:43Z");
  EXPECT_EQ(format_time(SystemTime{}), "1970-01-01T00:00:00Z");
}

TEST(Time, FormatsMicroseconds) {
  EXPECT_EQ(format_micro_time(SystemTime(1795426603s + 1500us)), "2026-11-23T09:36:43.001500Z");
}

TEST(Time, ReadsBackWhatItWrites) {
  const SystemTime time(1795426603s);
  EXPECT_EQ(parse_time(format_time(time)), time);
  EXPECT_EQ(parse_time(format_micro_time(time + 42us)), time + 42us);
}

TEST(Time, ReadsFractionsAndOffsets) {
  EXPECT_EQ(parse_time("2026-11-23T10:36:43.5+01:00"), SystemTime(1795426603s + 500ms));
  EXPECT_EQ(parse_time("2026-11-23T08:06:43-01:30"), SystemTime(1795426603s));
  EXPECT_EQ(parse_time("2026-11-23T09:36:43.123456789Z"), SystemTime(1795426603s + 123456789ns));
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text : {"", "now", "2026-11-23", "2026-11-23T09:36:43", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-11-23T25:00:00Z", "2026-11-23T09:36:43Zx", "2026-11-23T09:36:43.Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2262-01-01T00:00:00Z", "2026-11-23T09:36:43+0100"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(HumanDuration, IsKubectls) {
  const std::pair<Duration, const char*> table[] = {
      {-2s, "<invalid>"}, {-1s, "0s"},     {0s, "0s"},          {41s, "41s"},         {119s, "119s"},
      {120s, "2m"},       {336s, "5m36s"}, {600s, "10m"},       {179min, "179m"},     {3h, "3h"},
      {3h + 5min, "3h5m"}, {8h, "8h"},     {47h, "47h"},        {48h, "2d"},          {51h, "2d3h"},
      {8 * 24h, "8d"},    {24h * 800, "2y70d"}, {24h * 365 * 9, "9y"}};
  for (const auto& [duration, text] : table) EXPECT_EQ(human_duration(duration), text);
}

TEST(Backoff, GrowsToItsMaximum) {
  const Backoff backoff{10ms, 100ms, 2.0};
  EXPECT_EQ(backoff.delay(0), 10ms);
  EXPECT_EQ(backoff.delay(1), 20ms);
  EXPECT_EQ(backoff.delay(3), 80ms);
  EXPECT_EQ(backoff.delay(4), 100ms);
  EXPECT_EQ(backoff.delay(100000), 100ms);
}

TEST(Backoff, JitterStaysWithinItsSpread) {
  const Backoff backoff{100ms, 1s, 2.0};
  EXPECT_EQ(backoff.jittered(0, 0.0, 0.1), 90ms);
  EXPECT_EQ(backoff.jittered(0, 0.5, 0.1), 100ms);
  EXPECT_LT(backoff.jittered(0, 0.999, 0.1), 110ms);
}

}  // namespace
}  // namespace berth::base
