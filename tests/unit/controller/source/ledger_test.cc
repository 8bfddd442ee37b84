// What appears and what disappears.
#include "tests/unit/controller/source/ledger_fixture.h"

namespace berth::source {
namespace {

using testing::at;
using testing::content;
using testing::environment;
using testing::key;
using testing::LedgerTest;
using testing::look;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(LedgerTest, AFileActsInTheLookThatFindsIt) {
  EXPECT_THAT(ledger.observe(look(0, {{"/m/a.yaml", environment("a")}})), ElementsAre(key("a")));
  EXPECT_EQ(wish("a"), Wish::Live);
  EXPECT_THAT(ledger.observe(look(1, {{"/m/a.yaml", environment("a", "redis:8")}})), ElementsAre(key("a")));
  EXPECT_EQ(ledger.want(key("a")).manifest->body["spec"]["services"][0]["image"], "redis:8");
}

TEST_F(LedgerTest, TheSameContentChangesNothing) {
  auto same = look(0, {{"/m/a.yaml", environment("a")}});
  ledger.observe(same);
  same.at = at(5);
  EXPECT_THAT(ledger.observe(same), IsEmpty());
}

TEST_F(LedgerTest, ADisappearanceActsOnlyAfterTheDelayAndASecondLook) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  ledger.observe(look(10, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.next_look(), at(10 + kDelay));
  ledger.observe(look(11.9, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  ledger.observe(look(12, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
  EXPECT_EQ(wish("b"), Wish::Live);
  EXPECT_EQ(ledger.next_look(), std::nullopt);
}

TEST_F(LedgerTest, AFileThatComesBackWithinTheDelayWasNeverGone) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1));
  EXPECT_EQ(wish("a"), Wish::Leave);
  ledger.observe(look(1.5, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("a"), Wish::Live);
  ledger.observe(look(9, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("a"), Wish::Live);
}

TEST_F(LedgerTest, TheLastFileOfADirectoryThatStaysIsLetGo) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1));
  ledger.observe(look(4));
  EXPECT_EQ(wish("a"), Wish::Gone);
  EXPECT_EQ(ledger.counts().held_deletions, 0);
}

TEST_F(LedgerTest, OneDocumentOfAFileIsLetGoLikeAFile) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a") + "---\n" + environment("b")}}));
  ledger.observe(look(1, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("b"), Wish::Leave);
  ledger.observe(look(3, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("b"), Wish::Gone);
  EXPECT_EQ(wish("a"), Wish::Live);
}

TEST_F(LedgerTest, AnEmptiedFileLetsItsObjectsGo) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1, {{"/m/a.yaml", ""}}));
  ledger.observe(look(3, {{"/m/a.yaml", ""}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, ADocumentThatMovesToAnotherFileIsNoDeletion) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1));
  ledger.observe(look(2, {{"/m/b.yaml", environment("a")}}));
  EXPECT_EQ(wish("a"), Wish::Live);
  EXPECT_EQ(file_of("a"), "/m/b.yaml");
  ledger.observe(look(20, {{"/m/b.yaml", environment("a")}}));
  EXPECT_EQ(wish("a"), Wish::Live);
}

TEST_F(LedgerTest, ARenameInOneLookMovesTheObject) {
  ledger.observe(look(0, {{"/m/b.yaml", environment("a")}}));
  ledger.observe(look(1, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(file_of("a"), "/m/a.yaml");
  EXPECT_THAT(reports(Report::Kind::Conflict), IsEmpty());
}

TEST_F(LedgerTest, AnInvalidFileKeepsItsLastGoodObjectsAndSaysSoOnce) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1, {{"/m/a.yaml", "apiVersion: [\n"}}));
  auto told = ledger.take_reports();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, Report::Kind::Invalid);
  EXPECT_THAT(told[0].text, HasSubstr("/m/a.yaml:"));
  EXPECT_THAT(told[0].about, ElementsAre(key("a")));
  EXPECT_EQ(wish("a"), Wish::Live);
  EXPECT_EQ(ledger.counts().invalid, 1);
  EXPECT_EQ(ledger.counts().valid, 0);
  ledger.observe(look(60, {{"/m/a.yaml", "apiVersion: [\n"}}));
  EXPECT_THAT(ledger.take_reports(), IsEmpty());
  EXPECT_EQ(wish("a"), Wish::Live);
  ledger.observe(look(61, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(ledger.counts().invalid, 0);
  EXPECT_EQ(ledger.counts().valid, 1);
}

TEST_F(LedgerTest, AnInvalidFileThatIsThenRemovedLetsItsObjectsGo) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1, {{"/m/a.yaml", "apiVersion: [\n"}}));
  ledger.observe(look(2));
  ledger.observe(look(4));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, AFileThatIsInvalidAtStartKeepsWhatItMadeEarlier) {
  ledger.seed(key("a"), "/m/a.yaml");
  ledger.observe(look(0, {{"/m/a.yaml", "apiVersion: [\n"}}));
  ledger.observe(look(60, {{"/m/a.yaml", "apiVersion: [\n"}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 0);
  ledger.observe(look(61, {{"/m/a.yaml", environment("b")}}));
  ledger.observe(look(63, {{"/m/a.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, AFileThatIsBeingWrittenSaysWhatItSaidBefore) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  auto writing = look(1);
  writing.files["/m/a.yaml"] = {FileState::Writing, content("/m/a.yaml", environment("a")), ""};
  ledger.observe(writing);
  writing.at = at(100);
  ledger.observe(writing);
  EXPECT_EQ(wish("a"), Wish::Live);
  // The same when it was unlinked and made again, so that nothing is known of the new one.
  ledger.observe(look(101));
  writing.at = at(101.5);
  writing.files["/m/a.yaml"].content = nullptr;
  ledger.observe(writing);
  writing.at = at(200);
  ledger.observe(writing);
  EXPECT_EQ(wish("a"), Wish::Leave);
}

TEST_F(LedgerTest, ADocumentMissingFromAFileThatIsBeingWrittenIsHeld) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a") + "---\n" + environment("b")}}));
  auto writing = look(1);
  writing.files["/m/a.yaml"] = {FileState::Writing, content("/m/a.yaml", environment("a")), ""};
  ledger.observe(writing);
  writing.at = at(100);
  ledger.observe(writing);
  EXPECT_EQ(wish("b"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 0);
  // What is said when the writer is done counts, from then on.
  ledger.observe(look(101, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(102.9, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("b"), Wish::Leave);
  ledger.observe(look(103, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("b"), Wish::Gone);
}

TEST_F(LedgerTest, AnUnreadableFileKeepsItsObjects) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  auto unreadable = look(1);
  unreadable.files["/m/a.yaml"] = {FileState::Unreadable, nullptr, "/m/a.yaml: cannot be read"};
  ledger.observe(unreadable);
  unreadable.at = at(100);
  ledger.observe(unreadable);
  EXPECT_EQ(wish("a"), Wish::Live);
  EXPECT_THAT(reports(Report::Kind::Invalid), ElementsAre("/m/a.yaml: cannot be read"));
}

TEST_F(LedgerTest, WhatWasRemovedWhileNobodyLookedIsLetGo) {
  ledger.seed(key("a"), "/m/a.yaml");
  ledger.seed(key("b"), "/m/b.yaml");
  ledger.observe(look(0, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  ledger.observe(look(2, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, WhileFilesKeepComingBackNothingIsLetGo) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}, {"/m/c.yaml", environment("c")}}));
  ledger.observe(look(1));
  ledger.observe(look(2.5, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(4, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("c"), Wish::Leave);
  EXPECT_EQ(ledger.next_look(), at(4 + kDelay));
  ledger.observe(look(6, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("c"), Wish::Gone);
}

TEST_F(LedgerTest, FilesThatComeAndGoForEverDelayADeletionByTenTimesTheDelayAtMost) {
  const auto both = look(0, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}});
  ledger.observe(both);
  for (double t = 1; t < 22; t += 1) {
    ledger.observe(look(t));
    ledger.observe(look(t + 0.5, {{"/m/b.yaml", environment("b")}}));
  }
  ledger.observe(look(24, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, OtherPeoplesNewFilesDelayNoDeletion) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1, {{"/m/n1.yaml", environment("n1")}}));
  ledger.observe(look(2, {{"/m/n1.yaml", environment("n1")}, {"/m/n2.yaml", environment("n2")}}));
  ledger.observe(look(3, {{"/m/n1.yaml", environment("n1")}, {"/m/n2.yaml", environment("n2")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, WhatIsLetGoAndComesBackBeforeItWasDeletedLives) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1));
  ledger.observe(look(3));
  EXPECT_EQ(wish("a"), Wish::Gone);
  ledger.observe(look(4, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("a"), Wish::Live);
}

TEST_F(LedgerTest, AForgottenKeyIsNobodys) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1));
  ledger.observe(look(3));
  ledger.forget(key("a"));
  EXPECT_EQ(wish("a"), Wish::None);
  EXPECT_THAT(ledger.observe(look(4)), IsEmpty());
}

TEST_F(LedgerTest, ADelayOfZeroStillTakesTwoLooks) {
  Ledger eager{LedgerOptions{std::chrono::seconds(0), false, nullptr}};
  eager.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  eager.observe(look(1));
  EXPECT_EQ(eager.want(key("a")).wish, Wish::Leave);
  EXPECT_EQ(eager.next_look(), at(1));
  eager.observe(look(1));
  EXPECT_EQ(eager.want(key("a")).wish, Wish::Gone);
}

TEST(LookTest, BelowMeansAWholePathComponent) {
  EXPECT_TRUE(below("/m", "/m/a"));
  EXPECT_TRUE(below("/", "/a"));
  EXPECT_FALSE(below("/m", "/m"));
  EXPECT_FALSE(below("/m", "/mm/a"));
  EXPECT_FALSE(below("/", "/"));
  Look seen;
  seen.files["/mm/a.yaml"] = {};
  EXPECT_TRUE(seen.empty("/m"));
  EXPECT_FALSE(seen.empty("/mm"));
  EXPECT_FALSE(seen.empty("/"));
}

}  // namespace
}  // namespace berth::source
