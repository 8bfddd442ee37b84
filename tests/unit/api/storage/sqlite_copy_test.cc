#include "api/storage/sqlite_copy.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>

#include "api/storage/sqlite_schema.h"
#include "tests/unit/api/storage/sqlite_fixture.h"

namespace berth::storage {
namespace {

using fakes::run_task;
using testing::ElementsAre;
using testing::EndsWith;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

struct SqliteCopyTest : SqliteFixture {
  std::filesystem::path kept = directory / "kept" / "backup.db";
  SqliteCopyTest() { std::filesystem::create_directory(directory / "kept"); }

  // Takes a copy into `kept`.
  StoreCopy copy(Store& store) {
    auto taken = run_task(io, store.copy());
    EXPECT_TRUE(taken.has_value());
    std::string bytes(taken.value().bytes, '\0');
    EXPECT_EQ(::pread(taken.value().file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    std::ofstream(kept, std::ios::binary) << bytes;
    return std::move(taken.value());
  }
  // A store of schema version 1 as `kept`, with one row.
  void keep_first_schema(const char* insert) {
    const auto old = SqliteDatabase::open(kept).value();
    for (const char* sql :
         {"CREATE TABLE changes (revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, body TEXT)",
          "CREATE TABLE state (compacted INTEGER NOT NULL)", "INSERT INTO state (compacted) VALUES (1)", insert,
          "PRAGMA user_version = 1"}) {
      old->execute(sql).value();
    }
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename());
    return names;
  }
  Restored restore(bool replace = true) { return restore_copy(kept, file, replace).value(); }
  Error restore_error(bool replace = true) {
    const auto done = restore_copy(kept, file, replace);
    EXPECT_TRUE(done.has_error());
    return done.has_error() ? done.error() : Error{};
  }
};

TEST_F(SqliteCopyTest, HoldsWhatIsDurableAndLeavesNothingBehind) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  commit(*store, put(thing("b"), 2));
  commit(*store, put(thing("a"), 3));
  commit(*store, erase(thing("b")));
  const auto taken = copy(*store);
  EXPECT_EQ(taken.revision, 4u);
  EXPECT_EQ(taken.objects, 1u);
  struct stat info {};
  ASSERT_EQ(::fstat(taken.file.get(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_nlink, 0u);
  EXPECT_THAT(files(), UnorderedElementsAre("berth.db", "berth.db-wal", "kept"));
  commit(*store, put(thing("c"), 4));
  EXPECT_EQ(copy(*store).revision, 5u);
  close(store);
}

TEST_F(SqliteCopyTest, EveryCommitThatEndedBeforeIsInIt) {
  auto store = open();
  Commits commits(io);
  for (int i = 0; i < 200; ++i) commits.start(*store, put(thing("n" + std::to_string(i)), i, 0));
  run_task(io, commits.group().join());
  for (int i = 0; i < 200; ++i) commits.start(*store, put(thing("m" + std::to_string(i)), i, 0));
  const auto taken = copy(*store);
  EXPECT_GE(taken.objects, 200u);
  EXPECT_EQ(taken.revision, taken.objects);
  run_task(io, commits.group().join());
  close(store);
}

TEST_F(SqliteCopyTest, LeftoversOfOneThatDidNotEndGoAtTheNextStart) {
  auto store = open();
  close(store);
  for (const auto* end : {".copying", ".copying-journal", ".restoring"}) std::ofstream(file.string() + end) << "half";
  store = open();
  EXPECT_THAT(files(), UnorderedElementsAre("berth.db", "berth.db-wal", "kept"));
  close(store);
}

TEST_F(SqliteCopyTest, AStoreThatKeepsNothingHasNone) {
  const auto store = make_memory_store(io.get_executor());
  EXPECT_EQ(run_task(io, store->copy()).error().reason, Reason::MethodNotAllowed);
  EXPECT_EQ(store->epoch(), 0u);
}

TEST_F(SqliteCopyTest, IsRefusedWhenWhatIsStoredIsDamaged) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  close(store);
  // The sum of a row is right when the store is opened, and wrong when it is copied.
  SqliteDatabase::open(file)
      .value()
      ->execute("CREATE TRIGGER t AFTER INSERT ON changes BEGIN UPDATE changes SET sum = 7 WHERE revision = 1; END")
      .value();
  store = open();
  commit(*store, put(thing("b"), 1));
  EXPECT_THAT(run_task(io, store->copy()).error().message,
              AllOf(StartsWith(file.string() + ": stored things"), HasSubstr("is not what was written"), HasSubstr("berthctl restore")));
  EXPECT_THAT(files(), UnorderedElementsAre("berth.db", "berth.db-wal", "kept"));
  close(store);
}

// Also without berthctl restore, by hand.
TEST_F(SqliteCopyTest, OpenedAsAStoreItIsAnotherOneFarAhead) {
  auto store = open();
  const auto epoch = store->epoch();
  commit(*store, put(thing("a"), 1));
  commit(*store, put(thing("b"), 2));
  copy(*store);
  for (int i = 0; i < 10; ++i) commit(*store, put(thing("late"), i));
  close(store);

  file = kept;
  store = open();
  EXPECT_NE(store->epoch(), epoch);
  const auto first = store->revision();
  EXPECT_GE(first, 2 + kRevisionLeap);
  EXPECT_EQ(store->get(thing("a"))->revision(), 1u);
  EXPECT_EQ(store->get(thing("late")), nullptr);
  for (const Revision seen : {0u, 2u, 12u}) EXPECT_EQ(store->watch("things", "", seen).error().reason, Reason::Expired) << seen;
  auto watcher = store->watch("things", "", store->revision()).value();
  EXPECT_EQ(commit(*store, put(thing("c"), 3))->revision(), first + 1);
  EXPECT_THAT(drain(*watcher), ElementsAre("+c@" + std::to_string(first + 1) + "=3"));
  const auto anew = store->epoch();
  close(store);
  store = open();
  EXPECT_EQ(store->epoch(), anew);
  EXPECT_EQ(store->revision(), first + 1);
  close(store);
}

TEST_F(SqliteCopyTest, RestoredItTakesThePlaceOfTheStoreWhichIsKept) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  commit(*store, put(thing("late"), 1));
  close(store);
  EXPECT_EQ(restore_error(false).reason, Reason::AlreadyExists);

  const auto restored = restore();
  EXPECT_EQ(restored.revision, 1u);
  EXPECT_EQ(restored.objects, 1u);
  EXPECT_THAT(restored.before.string(), EndsWith("berth.db.before-restore"));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  store = open();
  EXPECT_EQ(store->get(thing("late")), nullptr);
  EXPECT_GE(store->revision(), 1 + kRevisionLeap);
  const auto epoch = store->epoch();
  close(store);

  // And back.
  kept = restored.before;
  EXPECT_THAT(restore().before.string(), EndsWith("berth.db.before-restore.2"));
  store = open();
  EXPECT_EQ(value_of(store->get(thing("late"))), 1);
  EXPECT_GE(store->revision(), 2 + kRevisionLeap);
  EXPECT_NE(store->epoch(), epoch);
  close(store);
}

TEST_F(SqliteCopyTest, RestoredAgainItIsAheadOfWhatItWasBefore) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  close(store);
  Revision last = 0;
  for (int again = 0; again < 3; ++again) {
    restore();
    store = open();
    EXPECT_GT(store->revision(), last);
    EXPECT_EQ(store->watch("things", "", last).error().reason, Reason::Expired);
    for (int i = 0; i < 20; ++i) commit(*store, put(thing("b"), i));
    last = store->revision();
    close(store);
  }
}

TEST_F(SqliteCopyTest, RestoredWhereNothingWas) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  close(store);
  file = directory / "new.db";
  EXPECT_EQ(restore(false).before, "");
  store = open();
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
  close(store);
}

// The log that a killed berthd left belongs to the store that is put aside, and to no other.
TEST_F(SqliteCopyTest, ALogThatWasLeftGoesWithItsStore) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  commit(*store, put(thing("late"), 1));
  const auto killed = directory / "killed.db";
  std::filesystem::copy_file(file, killed);
  std::filesystem::copy_file(file.string() + "-wal", killed.string() + "-wal");
  close(store);
  file = killed;
  const auto before = restore().before;
  store = open();
  EXPECT_EQ(store->get(thing("late")), nullptr);
  close(store);
  kept = before;
  restore();
  store = open();
  EXPECT_EQ(value_of(store->get(thing("late"))), 1);
  close(store);
}

TEST_F(SqliteCopyTest, WhatCannotBeRestoredLeavesTheStoreAsItWas) {
  auto store = open();
  for (int i = 0; i < 100; ++i) commit(*store, put(thing("n" + std::to_string(i)), i));
  copy(*store);
  close(store);
  std::ifstream in(kept, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  const auto refused = [&](const std::string& bytes, const std::string& why) {
    std::ofstream(kept, std::ios::binary | std::ios::trunc) << bytes;
    const auto error = restore_error();
    EXPECT_THAT(error.message, HasSubstr(kept.string() + ": "));
    EXPECT_THAT(error.message, AllOf(HasSubstr(why), Not(HasSubstr("berthctl restore"))));
    EXPECT_THAT(files(), UnorderedElementsAre("berth.db", "kept"));
  };
  refused("", "is not a store of berthd");
  refused("no database at all", "not a database");
  refused(good.substr(0, good.size() / 2), "is damaged");
  auto torn = good;
  std::fill(torn.begin() + 4096 * 2, torn.begin() + 4096 * 3, 'x');
  refused(torn, "is damaged");
  auto other = good;
  other.replace(other.find("\"value\":57"), 10, "\"value\":58");
  refused(other, "stored things \"ci/n57\" (revision 58) is not what was written; the file is damaged");
  store = open();
  EXPECT_EQ(store->revision(), 100u);
  close(store);
  std::filesystem::remove(kept);
  EXPECT_THAT(restore_error().message, HasSubstr(kept.string() + ": No such file or directory"));
}

TEST_F(SqliteCopyTest, WhatCannotBeWrittenIsToldOfTheStoreAndNotOfTheBackup) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  close(store);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto error = restore_error();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(error.message, file.string() + ": File too large");
  EXPECT_THAT(files(), UnorderedElementsAre("berth.db", "kept"));
}

TEST_F(SqliteCopyTest, ABackupThatLiesWhereARestoreWorksIsNotLost) {
  auto store = open();
  copy(*store);
  close(store);
  std::filesystem::rename(kept, file.string() + ".copying");
  kept = file.string() + ".copying";
  EXPECT_THAT(restore_error().message, HasSubstr("move it to another place"));
  EXPECT_TRUE(std::filesystem::exists(kept));
}

TEST_F(SqliteCopyTest, AnObjectThatNobodyCanReadIsNotRestored) {
  keep_first_schema("INSERT INTO changes VALUES (5, 'things', 'ci', 'a', '{\"spec\":{}}')");
  EXPECT_THAT(restore_error().message, HasSubstr("stored things \"ci/a\" cannot be read"));
}

TEST_F(SqliteCopyTest, ANewerSchemaIsNotRestored) {
  auto store = open();
  copy(*store);
  close(store);
  SqliteDatabase::open(kept).value()->execute("PRAGMA user_version = 99").value();
  EXPECT_THAT(restore_error().message, HasSubstr("schema version 99 is newer"));
}

TEST_F(SqliteCopyTest, AnOlderSchemaIsRestored) {
  keep_first_schema(
      "INSERT INTO changes VALUES (5, 'things', 'ci', 'a', '{\"apiVersion\":\"v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\","
      "\"namespace\":\"ci\"},\"spec\":{\"value\":5}}')");
  EXPECT_EQ(restore().revision, 5u);
  auto store = open();
  EXPECT_GE(store->revision(), 5 + kRevisionLeap);
  EXPECT_EQ(value_of(store->get(thing("a"))), 5);
  close(store);
}

TEST_F(SqliteCopyTest, ARestoreThatDidNotEndIsNotTakenForANewStore) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  close(store);
  std::filesystem::rename(file, file.string() + ".before-restore");
  std::ofstream(file.string() + ".restoring").flush();
  std::filesystem::copy_file(kept, file.string() + ".copying");
  EXPECT_THAT(open_error().message, HasSubstr("a restore did not end"));
  const auto good = std::exchange(kept, directory / "nothing");
  restore_error(false);
  EXPECT_THAT(open_error().message, HasSubstr("a restore did not end"));
  kept = good;
  EXPECT_EQ(restore(false).objects, 1u);
  store = open();
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
  EXPECT_THAT(files(), UnorderedElementsAre("berth.db", "berth.db-wal", "berth.db.before-restore", "kept"));
  close(store);
}

TEST_F(SqliteCopyTest, ARestoreThatWasKilledBeforeTheLogWasMovedLosesNothing) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  copy(*store);
  commit(*store, put(thing("late"), 1));
  const auto killed = directory / "killed.db";
  const auto aside = killed.string() + ".before-restore";
  std::filesystem::copy_file(file, aside);
  std::filesystem::copy_file(file.string() + "-wal", killed.string() + "-wal");
  std::ofstream(killed.string() + ".restoring").flush();
  close(store);
  file = killed;
  EXPECT_THAT(open_error().message, HasSubstr("a restore did not end"));
  EXPECT_EQ(restore().before, aside);
  store = open();
  EXPECT_EQ(store->get(thing("late")), nullptr);
  close(store);
  kept = aside;
  restore();
  store = open();
  EXPECT_EQ(value_of(store->get(thing("late"))), 1);
  close(store);
}

}  // namespace
}  // namespace berth::storage
