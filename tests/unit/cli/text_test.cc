#include "cli/text.h"

#include <gtest/gtest.h>

#include "cli/duration.h"

namespace berth::cli {
namespace {

TEST(Table, AlignsColumnsByWhatIsSeenNotByBytes) {
  Table table({"NAME", "PHASE", "AGE"});
  table.add({"käse", "Ready", "1s"});
  table.add({"a-long-name", "", "2s"});
  EXPECT_EQ(table.take(),
            "NAME          PHASE   AGE\n"
            "käse          Ready   1s\n"
            "a-long-name           2s\n");
}

TEST(Table, LaterRowsOfAWatchStayInLine) {
  Table table({"NAME", "PHASE"});
  table.add({"a-long-name", "Ready"});
  table.take();
  table.add({"b", "Failed"});
  EXPECT_EQ(table.take(), "b             Failed\n");
}

TEST(Table, ACellIsOneSafeLine) {
  Table table({"MESSAGE", "X"});
  table.add({"first\nsecond", "\x1b[31mred"});
  EXPECT_EQ(table.take(false), "first...   \\x1b[31mred\n");
}

TEST(Printable, EscapesControlCharactersAndBrokenUtf8) {
  EXPECT_EQ(printable("a\tb\nc\r\x1b]0;x\x07"), "a\tb\nc\\x0d\\x1b]0;x\\x07");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");
  EXPECT_EQ(printable("grün"), "grün");
}

TEST(Clip, CutsAtTheWidthOfTheTerminal) {
  EXPECT_EQ(clip("abcdef", 6), "abcdef");
  EXPECT_EQ(clip("abcdefg", 6), "abc...");
  EXPECT_EQ(clip("äöüäöüä", 6), "äöü...");
  EXPECT_EQ(clip("abc", 0), "");
}

TEST(Duration, ReadsWhatPeopleWrite) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("90"), base::Duration(90s));
  EXPECT_EQ(parse_duration("1m30s"), base::Duration(90s));
  EXPECT_EQ(parse_duration("500ms"), base::Duration(500ms));
  EXPECT_EQ(parse_duration("1.5h"), base::Duration(90min));
  EXPECT_EQ(parse_duration("0"), base::Duration(0s));
  for (const char* wrong : {"", "s", "-5s", "5x", "1m30", "1..5s", "99999999999999d", "5 s"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

TEST(Duration, ElapsedStaysShort) {
  using namespace std::chrono_literals;
  EXPECT_EQ(elapsed(0s), "0.0s");
  EXPECT_EQ(elapsed(12340ms), "12.3s");
  EXPECT_EQ(elapsed(125s), "2m05s");
  EXPECT_EQ(elapsed(3725s), "1h02m");
}

}  // namespace
}  // namespace berth::cli
