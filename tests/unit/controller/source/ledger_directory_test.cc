// When a disappearance deletes nothing: directories that vanish, cannot be read, are swapped or found empty.
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

TEST_F(LedgerTest, ADirectoryFoundEmptyAtStartHoldsUntilItHasContent) {
  ledger.seed(key("a"), "/m/a.yaml");
  ledger.observe(look(0));
  ledger.observe(look(100));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 1);
  EXPECT_EQ(ledger.next_look(), std::nullopt);
  EXPECT_EQ(reports(Report::Kind::Held).size(), 1u);
  ledger.observe(look(101, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 0);
  ledger.observe(look(103, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, ADirectoryThatVanishedHoldsAndComesBackUnharmed) {
  const auto full = look(0, {{"/m/a.yaml", environment("a")}});
  ledger.observe(full);
  auto vanished = look(1);
  vanished.directories.clear();
  ledger.observe(vanished);
  vanished.at = at(100);
  ledger.observe(vanished);
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 1);
  EXPECT_THAT(reports(Report::Kind::Held), ElementsAre(HasSubstr("/m: this watched directory is gone")));
  auto back = full;
  back.at = at(101);
  back.directories["/m"] = 2;
  ledger.observe(back);
  EXPECT_EQ(wish("a"), Wish::Live);
  EXPECT_EQ(ledger.counts().held_deletions, 0);
}

TEST_F(LedgerTest, FilesRemovedOneByOneBeforeTheirDirectoryVanishedAreHeldToo) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  ledger.observe(look(0.1, {{"/m/b.yaml", environment("b")}}));
  ledger.observe(look(0.2));
  auto vanished = look(0.3);
  vanished.directories.clear();
  ledger.observe(vanished);
  vanished.at = at(60);
  ledger.observe(vanished);
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(wish("b"), Wish::Leave);
}

TEST_F(LedgerTest, ADirectorySwappedForAnEmptyOneHolds) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  auto swapped = look(1);
  swapped.directories["/m"] = 2;
  ledger.observe(swapped);
  swapped.at = at(100);
  ledger.observe(swapped);
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 1);
}

TEST_F(LedgerTest, ADirectorySwappedForAFullOneLetsGoWhatIsNotInIt) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  auto swapped = look(1, {{"/m/b.yaml", environment("b", "redis:8")}});
  swapped.directories["/m"] = 2;
  ledger.observe(swapped);
  swapped.at = at(3);
  ledger.observe(swapped);
  EXPECT_EQ(wish("a"), Wish::Gone);
  EXPECT_EQ(wish("b"), Wish::Live);
}

TEST_F(LedgerTest, ADirectoryThatCannotBeReadHolds) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  auto unreadable = look(1);
  unreadable.directories.clear();
  unreadable.unreadable["/m"] = "/m: cannot be read: Permission denied";
  ledger.observe(unreadable);
  unreadable.at = at(100);
  ledger.observe(unreadable);
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_THAT(reports(Report::Kind::Held), ElementsAre(HasSubstr("cannot be read")));
}

TEST_F(LedgerTest, PruneEmptyLetsGoWhateverHappenedToTheDirectory) {
  Ledger prune{LedgerOptions{std::chrono::seconds(2), true, nullptr}};
  prune.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  auto vanished = look(1);
  vanished.directories.clear();
  prune.observe(vanished);
  EXPECT_EQ(prune.want(key("a")).wish, Wish::Leave);
  vanished.at = at(3);
  prune.observe(vanished);
  EXPECT_EQ(prune.want(key("a")).wish, Wish::Gone);
}

TEST_F(LedgerTest, ASubdirectoryThatIsRemovedIsTheRemovalOfItsFiles) {
  auto full = look(0, {{"/m/a.yaml", environment("a")}, {"/m/sub/b.yaml", environment("b")}});
  full.directories["/m/sub"] = 2;
  ledger.observe(full);
  ledger.observe(look(1, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(3, {{"/m/a.yaml", environment("a")}}));
  EXPECT_EQ(wish("b"), Wish::Gone);
  EXPECT_EQ(wish("a"), Wish::Live);
}

TEST_F(LedgerTest, ASubdirectorySwappedForAnEmptyOneOrUnreadableHolds) {
  auto full = look(0, {{"/m/a.yaml", environment("a")}, {"/m/sub/b.yaml", environment("b")}});
  full.directories["/m/sub"] = 2;
  ledger.observe(full);
  auto swapped = look(1, {{"/m/a.yaml", environment("a")}});
  swapped.directories["/m/sub"] = 3;
  ledger.observe(swapped);
  swapped.at = at(50);
  ledger.observe(swapped);
  EXPECT_EQ(wish("b"), Wish::Leave);
  swapped.directories.erase("/m/sub");
  swapped.unreadable["/m/sub"] = "leads to nothing";
  swapped.at = at(100);
  ledger.observe(swapped);
  EXPECT_EQ(wish("b"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 1);
}

TEST_F(LedgerTest, ObjectsOfADirectoryThatIsWatchedNoLongerAreKept) {
  ledger.seed(key("a"), "/old/a.yaml");
  ledger.seed(key("b"), "/mm/b.yaml");
  ledger.observe(look(0, {{"/m/c.yaml", environment("c")}}));
  ledger.observe(look(100, {{"/m/c.yaml", environment("c")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(wish("b"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 2);
}

TEST_F(LedgerTest, WhatIsLetGoIsHeldWhenItsDirectoryVanishesBeforeTheDeletion) {
  ledger.observe(look(0, {{"/m/a.yaml", environment("a")}}));
  ledger.observe(look(1));
  ledger.observe(look(3));
  auto vanished = look(4);
  vanished.directories.clear();
  EXPECT_THAT(ledger.observe(vanished), ElementsAre(key("a")));
  EXPECT_EQ(wish("a"), Wish::Leave);
}

TEST_F(LedgerTest, WhenADirectoryIsBackTheDelayBeginsAnew) {
  ledger.observe(look(-1, {{"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  auto vanished = look(0);
  vanished.directories.clear();
  ledger.observe(vanished);
  ledger.observe(look(60, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  EXPECT_EQ(ledger.next_look(), at(60 + kDelay));
  ledger.observe(look(60.001, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Leave);
  ledger.observe(look(62, {{"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("a"), Wish::Gone);
}

TEST_F(LedgerTest, ADirectoryThatIsFilledAgainAfterALongTimeIsWaitedForLikeACheckout) {
  for (const char* name : {"a", "b", "c"}) ledger.seed(key(name), std::string("/m/") + name + ".yaml");
  ledger.observe(look(0));
  ledger.observe(look(600, {{"/m/new.yaml", environment("new")}}));
  ledger.observe(look(601.5, {{"/m/new.yaml", environment("new")}, {"/m/a.yaml", environment("a")}}));
  ledger.observe(look(603, {{"/m/new.yaml", environment("new")}, {"/m/a.yaml", environment("a")}, {"/m/b.yaml", environment("b")}}));
  EXPECT_EQ(wish("c"), Wish::Leave);
  EXPECT_EQ(ledger.next_look(), at(603 + kDelay));
}

TEST_F(LedgerTest, ATreeSwappedForAnotherLetsGoTheLastFileOfItsSubdirectories) {
  auto full = look(0, {{"/m/a.yaml", environment("a")}, {"/m/sub/b.yaml", environment("b")}});
  full.directories["/m/sub"] = 2;
  ledger.observe(full);
  auto swapped = look(1, {{"/m/a.yaml", environment("a")}});
  swapped.directories = {{"/m", 3}, {"/m/sub", 4}};
  ledger.observe(swapped);
  EXPECT_EQ(wish("b"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 0);
  swapped.at = at(3);
  ledger.observe(swapped);
  EXPECT_EQ(wish("b"), Wish::Gone);
  EXPECT_EQ(wish("a"), Wish::Live);
}

TEST_F(LedgerTest, ASubdirectoryFoundEmptyAtStartHoldsWhateverElseIsThere) {
  ledger.seed(key("b"), "/m/sub/b.yaml");
  auto start = look(0, {{"/m/a.yaml", environment("a")}});
  start.directories["/m/sub"] = 2;
  ledger.observe(start);
  start.at = at(100);
  ledger.observe(start);
  EXPECT_EQ(wish("b"), Wish::Leave);
  EXPECT_EQ(ledger.counts().held_deletions, 1);
}

TEST_F(LedgerTest, WhatHasNoObjectIsNeitherCountedNorToldAsKept) {
  std::set<ObjectKey> stored = {key("a"), key("b")};
  Ledger with_objects{LedgerOptions{std::chrono::seconds(2), false, [&](const ObjectKey& name) { return stored.contains(name); }}};
  for (const char* name : {"a", "b", "c"}) with_objects.seed(key(name), std::string("/old/") + name + ".yaml");
  with_objects.seed(key("d"), "/older/d.yaml");
  with_objects.observe(look(0));
  EXPECT_EQ(with_objects.counts().held_deletions, 2);
  const auto told = with_objects.take_reports();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].text, "/old: is watched no longer; its objects are kept: 2");
  stored.erase(key("a"));
  EXPECT_EQ(with_objects.counts().held_deletions, 1);
}

}  // namespace
}  // namespace berth::source
