#include "base/text.h"

#include <gtest/gtest.h>

namespace berth::base {
namespace {

TEST(Text, TrimmedTakesBlanksOffBothEndsOnly) {
  EXPECT_EQ(trimmed(" \ta b\t "), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \t"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, TrimmedTakesWhatItIsToldToTake) {
  EXPECT_EQ(trimmed("word\r\n", "\r\n"), "word");
  EXPECT_EQ(trimmed(" word\n", "\n"), " word");
}

}  // namespace
}  // namespace berth::base
