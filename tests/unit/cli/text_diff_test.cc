#include "cli/text_diff.h"

#include <gtest/gtest.h>

namespace berth::cli {
namespace {

TEST(UnifiedDiff, OfTheSameIsEmpty) { EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n", "x", "y"), ""); }

TEST(UnifiedDiff, IsWhatDiffUShows) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "old", "new"),
            "--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, DistantChangesAreHunksOfTheirOwn) {
  std::string before;
  for (int i = 1; i <= 30; ++i) before += std::to_string(i) + "\n";
  auto after = before;
  after.replace(after.find("2\n"), 2, "two\n");
  after.replace(after.find("29\n"), 3, "");
  const auto text = unified_diff(before, after, "a", "b");
  EXPECT_EQ(text, "--- a\n+++ b\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -26,5 +26,4 @@\n 26\n 27\n 28\n-29\n 30\n");
}

TEST(UnifiedDiff, OfNothingIsAllOfIt) {
  EXPECT_EQ(unified_diff("", "a\nb\n", "a", "b"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(unified_diff("a\n", "", "a", "b"), "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n");
}

TEST(UnifiedDiff, WhatHasNothingInCommonIsShownWhole) {
  std::string before;
  std::string after;
  for (int i = 0; i < 3000; ++i) {
    before += "old " + std::to_string(i) + "\n";
    after += "new " + std::to_string(i) + "\n";
  }
  const auto text = unified_diff(before, after, "a", "b");
  EXPECT_NE(text.find("@@ -1,3000 +1,3000 @@\n-old 0\n"), std::string::npos);
  EXPECT_NE(text.find("\n+new 2999\n"), std::string::npos);
}

}  // namespace
}  // namespace berth::cli
