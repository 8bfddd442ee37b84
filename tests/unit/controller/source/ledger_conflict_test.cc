// One object in several files.
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

TEST_F(LedgerTest, TheSameObjectInTwoFilesStaysWithTheFirst) {
  ledger.observe(look(0, {{"/m/b.yaml", environment("a", "one")}}));
  ledger.observe(look(1, {{"/m/a.yaml", environment("a", "two")}, {"/m/b.yaml", environment("a", "one")}}));
  EXPECT_EQ(file_of("a"), "/m/b.yaml");
  const auto told = reports(Report::Kind::Conflict);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("/m/a.yaml:4:"));
  EXPECT_THAT(told[0], HasSubstr("/m/b.yaml:4:"));
  EXPECT_EQ(ledger.counts().conflicting, 1);
  EXPECT_EQ(ledger.counts().valid, 1);
  ledger.observe(look(2, {{"/m/a.yaml", environment("a", "two")}, {"/m/b.yaml", environment("a", "one")}}));
  EXPECT_THAT(ledger.take_reports(), IsEmpty());
  // When the first goes, the other one has the say after the delay, without a deletion in between.
  EXPECT_THAT(ledger.observe(look(3, {{"/m/a.yaml", environment("a", "two")}})), ElementsAre(key("a")));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().conflicting, 1);
  EXPECT_EQ(ledger.next_look(), at(3 + kDelay));
  EXPECT_THAT(ledger.observe(look(5, {{"/m/a.yaml", environment("a", "two")}})), ElementsAre(key("a")));
  EXPECT_EQ(wish("a"), Wish::Live);
  EXPECT_EQ(file_of("a"), "/m/a.yaml");
  EXPECT_EQ(ledger.counts().conflicting, 0);
}

TEST_F(LedgerTest, TwoNewFilesWithOneObjectAreDecidedByName) {
  ledger.observe(look(0, {{"/m/b.yaml", environment("a")}, {"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(file_of("a"), "/m/a.yaml");
  EXPECT_EQ(reports(Report::Kind::Conflict).size(), 1u);
}

TEST_F(LedgerTest, AfterARestartTheFileThatMadeTheObjectStillHasTheSay) {
  ledger.seed(key("a"), "/m/b.yaml");
  ledger.observe(look(0, {{"/m/b.yaml", environment("a")}, {"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(file_of("a"), "/m/b.yaml");
}

TEST_F(LedgerTest, AFileWithTheSayThatComesBackWithinTheDelayKeepsIt) {
  ledger.observe(look(0, {{"/m/b.yaml", environment("a", "one")}}));
  ledger.observe(look(1, {{"/m/a.yaml", environment("a", "two")}, {"/m/b.yaml", environment("a", "one")}}));
  ledger.take_reports();
  ledger.observe(look(2, {{"/m/a.yaml", environment("a", "two")}}));
  ledger.observe(look(2.5, {{"/m/a.yaml", environment("a", "two")}, {"/m/b.yaml", environment("a", "one")}}));
  EXPECT_EQ(file_of("a"), "/m/b.yaml");
  ledger.observe(look(9, {{"/m/a.yaml", environment("a", "two")}, {"/m/b.yaml", environment("a", "one")}}));
  EXPECT_EQ(file_of("a"), "/m/b.yaml");
  EXPECT_THAT(ledger.take_reports(), IsEmpty());
}

TEST_F(LedgerTest, AFileThatWasKeptOutDoesNotTakeOverFromADirectoryThatVanished) {
  auto both = look(0, {{"/m/b.yaml", environment("a", "one")}});
  both.roots = {"/m", "/n"};
  both.directories["/n"] = 2;
  ledger.observe(both);
  both.at = at(1);
  both.files["/n/a.yaml"] = {FileState::Read, content("/n/a.yaml", environment("a", "two")), ""};
  ledger.observe(both);
  both.files.erase("/m/b.yaml");
  both.directories.erase("/m");
  both.at = at(2);
  ledger.observe(both);
  both.at = at(100);
  ledger.observe(both);
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 1);
}

TEST_F(LedgerTest, ADocumentThatMovesGoesPastAFileThatIsKeptOut) {
  ledger.observe(look(0, {{"/m/b.yaml", environment("a", "one")}}));
  ledger.observe(look(1, {{"/m/a.yaml", environment("a", "two")}, {"/m/b.yaml", environment("a", "one")}}));
  ledger.observe(look(2, {{"/m/a.yaml", environment("a", "two")}, {"/m/c.yaml", environment("a", "one")}}));
  EXPECT_EQ(file_of("a"), "/m/c.yaml");
}

TEST_F(LedgerTest, ConflictsCanBeToldAgainAsLongAsTheyLast) {
  ledger.observe(look(0, {{"/m/b.yaml", environment("a")}, {"/m/a.yaml", environment("a")}, {"/m/c.yaml", environment("c")}}));
  const auto told = ledger.conflicts_of(key("a"));
  EXPECT_EQ(told, reports(Report::Kind::Conflict));
  EXPECT_THAT(told, ElementsAre(HasSubstr("/m/b.yaml:4:")));
  EXPECT_THAT(ledger.conflicts_of(key("c")), IsEmpty());
  ledger.observe(look(1, {{"/m/a.yaml", environment("a")}}));
  EXPECT_THAT(ledger.conflicts_of(key("a")), IsEmpty());
}

}  // namespace
}  // namespace berth::source
