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

TEST(Text, SplitKeepsEveryPiece) {
  using Pieces = std::vector<std::string_view>;
  EXPECT_EQ(split("a,b", ','), (Pieces{"a", "b"}));
  EXPECT_EQ(split(",a,,", ','), (Pieces{"", "a", "", ""}));
  EXPECT_EQ(split("", ','), Pieces{""});
}

TEST(Text, KnowsUtf8) {
  for (const auto* text : {"", "ascii", "\xc2\x80", "\xe0\xa0\x80", "\xef\xbf\xbd", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4" "b"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const auto* text : {"\x80", "\xc1\x80", "\xc2", "\xc2x", "\xe0\x9f\x80", "\xed\xa0\x80", "\xf0\x8f\x80\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "a\xff"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

}  // namespace
}  // namespace berth::base
