#include "cli/log_merge.h"

#include <gtest/gtest.h>

namespace berth::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTime = "2026-11-27T10:00:00.123456789Z";

LogLine line(std::size_t source, int time, std::string text) {
  return {source, base::SystemTime(std::chrono::seconds(time)), "", std::move(text)};
}
base::SteadyTime at(base::Duration time) { return base::SteadyTime(time); }

std::string all(LogMerge& merge, base::SteadyTime now) {
  std::string text;
  while (auto next = merge.take(now)) text += next->text;
  return text;
}

TEST(ParseLogLine, TakesTheTimeOff) {
  const auto parsed = parse_log_line(std::string(kTime) + " hello there", {});
  EXPECT_EQ(parsed.stamp, kTime);
  EXPECT_EQ(parsed.text, "hello there");
  EXPECT_EQ(parsed.time, base::parse_time(kTime));
  EXPECT_EQ(parse_log_line(std::string(kTime) + " ", {}).text, "");
}

TEST(ParseLogLine, WhatHasNoTimeGetsTheOneBefore) {
  const base::SystemTime before{5s};
  const auto parsed = parse_log_line("no time at all in this line of text", before);
  EXPECT_EQ(parsed.time, before);
  EXPECT_EQ(parsed.stamp, "");
  EXPECT_EQ(parsed.text, "no time at all in this line of text");
  EXPECT_EQ(parse_log_line("", before).text, "");
}

TEST(ParseLogLine, PutsTheePiecesOfALongLineTogether) {
  const std::string piece(16 * 1024, 'x');
  const std::string stamp = std::string(kTime) + " ";
  EXPECT_EQ(parse_log_line(stamp + piece + stamp + piece + stamp + "end", {}).text, piece + piece + "end");
  EXPECT_EQ(parse_log_line(stamp + piece + "no time", {}).text, piece + "no time");
}

TEST(LogMerge, PutsLinesIntoTheOrderOfTime) {
  LogMerge merge(std::nullopt);
  merge.add_source();
  merge.add_source();
  merge.put(line(0, 1, "a"), at(0s));
  merge.put(line(0, 4, "d"), at(0s));
  EXPECT_EQ(all(merge, at(1h)), "") << "the other one may have an earlier line";
  EXPECT_FALSE(merge.next_look());
  merge.put(line(1, 2, "b"), at(0s));
  merge.put(line(1, 3, "c"), at(0s));
  EXPECT_EQ(all(merge, at(0s)), "abc");
  merge.set_idle(1, true);
  EXPECT_EQ(all(merge, at(0s)), "d");
  EXPECT_TRUE(merge.empty());
}

TEST(LogMerge, WaitsForTheWindowOnly) {
  LogMerge merge(200ms);
  merge.add_source();
  merge.add_source();
  merge.put(line(0, 5, "late"), at(0ms));
  EXPECT_EQ(all(merge, at(199ms)), "");
  EXPECT_EQ(merge.next_look(), at(200ms));
  merge.put(line(1, 4, "early "), at(150ms));
  merge.set_idle(1, false);
  EXPECT_EQ(all(merge, at(150ms)), "early ") << "nobody is without a line";
  EXPECT_EQ(all(merge, at(200ms)), "late");
}

TEST(LogMerge, KnowsHowMuchWaits) {
  LogMerge merge(std::nullopt);
  merge.add_source();
  merge.put(line(0, 1, "four"), at(0s));
  EXPECT_EQ(merge.waiting(0), 4u);
  merge.take(at(0s));
  EXPECT_EQ(merge.waiting(0), 0u);
}

}  // namespace
}  // namespace berth::cli
