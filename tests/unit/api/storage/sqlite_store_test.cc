#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/api/storage/sqlite_fixture.h"

namespace berth::storage {
namespace {

using fakes::run_task;
using fakes::settle;
using testing::ElementsAre;
using testing::HasSubstr;
using SqliteStoreTest = SqliteFixture;

TEST_F(SqliteStoreTest, KeepsObjectsRevisionAndHistoryOverARestart) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  commit(*store, put(thing("b"), 2));
  commit(*store, put(thing("a"), 3, 1));
  commit(*store, erase(thing("b")));
  close(store);

  store = open();
  EXPECT_EQ(store->revision(), 4u);
  EXPECT_EQ(value_of(store->get(thing("a"))), 3);
  EXPECT_EQ(store->get(thing("b")), nullptr);
  EXPECT_THAT(drain(*store->watch("things", "", 1).value()), ElementsAre("+b@2=2", "~a@3=3<1", "-b@4=2<2"));
  EXPECT_EQ(commit(*store, put(thing("a"), 5))->revision(), 5u);
  close(store);
}

TEST_F(SqliteStoreTest, KeepsTextAsItIs) {
  const std::string text = "a\0b \xE2\x82\xAC \"quoted\" \n ' -- ;";
  auto store = open();
  auto write = put(thing("a"), 1);
  (*write.body)["spec"]["text"] = std::string("a\0b", 3) + text;
  const auto stored = commit(*store, std::move(write));
  close(store);
  store = open();
  EXPECT_EQ(store->get(thing("a"))->body(), stored->body());
  close(store);
}

TEST_F(SqliteStoreTest, TheEpochIsKeptAsLongAsTheFileIs) {
  auto store = open();
  const auto epoch = store->epoch();
  EXPECT_NE(epoch, 0u);
  EXPECT_LT(epoch, std::uint64_t{1} << 53);
  close(store);
  store = open();
  EXPECT_EQ(store->epoch(), epoch);
  close(store);
  std::filesystem::remove(file);
  store = open();
  EXPECT_NE(store->epoch(), epoch);
  close(store);
}

TEST_F(SqliteStoreTest, TheFilesAreReadableByTheOwnerAlone) {
  ::umask(0);
  std::ofstream(file).close();
  ::chmod(file.c_str(), 0666);
  auto store = open();
  commit(*store, put(thing("a"), 1));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 2);  // the database and its log
  close(store);
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(file) << std::string(4096, 'x');
  const auto error = open_error();
  EXPECT_EQ(error.reason, Reason::InternalError);
  EXPECT_THAT(error.message, HasSubstr(file.string()));
  EXPECT_THAT(error.message, HasSubstr("not a database"));
}

TEST_F(SqliteStoreTest, RefusesSomebodyElsesDatabase) {
  SqliteDatabase::open(file).value()->execute("CREATE TABLE people (name TEXT)").value();
  EXPECT_THAT(open_error().message, HasSubstr("not one of berthd"));
}

TEST_F(SqliteStoreTest, RefusesANewerSchema) {
  auto store = open();
  close(store);
  SqliteDatabase::open(file).value()->execute("PRAGMA user_version = 4").value();
  EXPECT_THAT(open_error().message, HasSubstr("schema version 4 is newer than version 3"));
}

TEST_F(SqliteStoreTest, RefusesADirectoryThatIsNotThere) {
  file = directory / "nope" / "berth.db";
  EXPECT_THAT(open_error().message, HasSubstr("No such file or directory"));
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsInUse) {
  auto store = open();
  EXPECT_THAT(open_error().message, HasSubstr("is another berthd using it?"));
  close(store);
}

TEST_F(SqliteStoreTest, RefusesAStoredObjectThatCannotBeRead) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  close(store);
  SqliteDatabase::open(file).value()->execute("UPDATE changes SET body = '{\"half\":'").value();
  EXPECT_THAT(open_error().message, HasSubstr("stored things \"ci/a\" (revision 1) is not what was written"));
}

TEST_F(SqliteStoreTest, NoticesAnythingThatChangedInARow) {
  for (const char* change : {"body = replace(body, '1', '2')", "name = 'b'", "ns = 'prod'", "resource = 'others'", "revision = 7", "body = NULL"}) {
    std::filesystem::remove(file);
    auto store = open();
    commit(*store, put(thing("a"), 1));
    close(store);
    SqliteDatabase::open(file).value()->execute((std::string("UPDATE changes SET ") + change).c_str()).value();
    EXPECT_THAT(open_error().message, HasSubstr("is not what was written")) << change;
  }
}

// The file as a berthd of schema version 1 left it.
struct VersionOne {
  explicit VersionOne(const std::filesystem::path& file) : database(SqliteDatabase::open(file).value()) {
    run("CREATE TABLE changes (revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, body TEXT)");
    run("CREATE TABLE state (compacted INTEGER NOT NULL)");
    run("INSERT INTO state (compacted) VALUES (1)");
    run("PRAGMA user_version = 1");
  }
  void run(const std::string& sql) { database->execute(sql.c_str()).value(); }
  void add(Revision revision, const StoreKey& key, const std::string& body) {
    const auto text = body.empty() ? "NULL" : "'" + body + "'";
    run("INSERT INTO changes VALUES (" + std::to_string(revision) + ", '" + key.resource + "', '" + key.ns + "', '" + key.name + "', " + text + ")");
  }
  std::unique_ptr<SqliteDatabase> database;
};

TEST_F(SqliteStoreTest, BringsAFileOfTheFirstVersionUpToDate) {
  const std::string body = R"({"apiVersion":"v1","kind":"Thing","metadata":{"name":"a","namespace":"ci","resourceVersion":"2"},"spec":{"value":5}})";
  {
    VersionOne old(file);
    old.add(2, thing("a"), body);
    old.add(3, thing("b"), body);
    old.add(4, thing("b"), "");
  }
  for (int again = 0; again < 2; ++again) {
    auto store = open();
    EXPECT_EQ(store->revision(), 4u + again);
    EXPECT_EQ(store->get(thing("a"))->bytes(), body);
    EXPECT_EQ(store->get(thing("b")), nullptr);
    EXPECT_EQ(drain(*store->watch("things", "", 1).value()).size(), 3u + again);
    commit(*store, put(thing("c"), again));
    close(store);
  }
}

TEST_F(SqliteStoreTest, AnOldFileThatCannotBeReadStaysAsItIs) {
  {
    VersionOne old(file);
    old.add(2, thing("a"), "{}");
    old.add(3, thing("b"), R"({"half":)");
  }
  EXPECT_THAT(open_error().message, HasSubstr("stored things \"ci/b\" cannot be read: it is no JSON"));
  const auto database = SqliteDatabase::open(file).value();
  EXPECT_EQ(database->query_integer("PRAGMA user_version").value(), 1);
  EXPECT_EQ(database->query_integer("SELECT count(*) FROM pragma_table_info('changes')").value(), 5);
}

TEST_F(SqliteStoreTest, PrunesHistoryOnDisk) {
  StoreOptions options;
  options.history = 10;
  auto store = open(options);
  for (int i = 0; i < 100; ++i) commit(*store, put(thing("a"), i));
  commit(*store, erase(thing("a")));
  close(store);
  EXPECT_LE(rows(), 13);
  store = open(options);
  EXPECT_EQ(store->revision(), 101u);
  EXPECT_TRUE(run_task(io, store->compact(101)).has_value());
  close(store);
  EXPECT_EQ(rows(), 0);
  store = open(options);
  EXPECT_EQ(store->revision(), 101u);
  close(store);
}

// RLIMIT_FSIZE makes write(2) fail with EFBIG, as a full disk does with ENOSPC.
TEST_F(SqliteStoreTest, AFailedTransactionLeavesNothingBehindAndTheStoreGoesOn) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  auto large = put(thing("a"), 2);
  (*large.body)["spec"]["text"] = std::string(1'000'000, 'x');

  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto failed = run_task(io, store->commit(large));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);

  ASSERT_TRUE(failed.has_error());
  EXPECT_THAT(failed.error().message, HasSubstr(file.string()));
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
  EXPECT_EQ(commit(*store, put(thing("a"), 3, 1))->revision(), 3u);
  close(store);
  store = open();
  EXPECT_EQ(value_of(store->get(thing("a"))), 3);
  EXPECT_EQ(drain(*store->watch("things", "", 0).value()).size(), 2u);
  close(store);
}

TEST_F(SqliteStoreTest, AFullDiskIsDiskPressure) {
  auto database = SqliteDatabase::open(file).value();
  database->execute("CREATE TABLE things (text TEXT)").value();
  database->query_integer("PRAGMA max_page_count = 4").value();
  auto insert = database->prepare("INSERT INTO things VALUES (?)").value();
  const std::string large(100'000, 'x');
  insert.bind(0, large);
  const auto result = insert.run();
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().reason, Reason::DiskPressure);
  EXPECT_THAT(result.error().message, HasSubstr("full"));
}

// Writes until it is killed; says "name revision\n" on `out` after each acknowledged write.
[[noreturn]] void write_until_killed(const std::filesystem::path& file, int out) {
  asio::io_context io;
  auto store = open_sqlite_store(io.get_executor(), file, {}).value();
  for (int i = 0;; ++i) {
    const auto key = thing("n" + std::to_string(i % 7));
    const auto object = run_task(io, store->commit(put(key, i))).value();
    const std::string line =
        key.name + " " + std::to_string(object->revision()) + " " + std::to_string(i) + "\n";
    if (::write(out, line.data(), line.size()) < 0) ::_exit(1);
  }
}

TEST_F(SqliteStoreTest, AcknowledgedWritesSurviveSigkillAtAnyMoment) {
  std::map<std::string, std::pair<Revision, int>> acknowledged;
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(file, ends[1]);
    }
    ::close(ends[1]);
    FILE* lines = ::fdopen(ends[0], "r");
    char name[16];
    unsigned long long revision = 0;
    int value = 0;
    for (int seen = 0; std::fscanf(lines, "%15s %llu %d", name, &revision, &value) == 3; ++seen) {
      acknowledged[name] = {revision, value};
      if (seen == 20 + round * 13) ::kill(child, SIGKILL);
    }
    std::fclose(lines);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));

    auto store = open();
    ASSERT_EQ(acknowledged.size(), 7u);
    for (const auto& [key, last] : acknowledged) {
      const auto object = store->get(thing(key));
      ASSERT_NE(object, nullptr);
      EXPECT_GE(object->revision(), last.first);
      if (object->revision() == last.first) {
        EXPECT_EQ(value_of(object), last.second);
      }
    }
    close(store);
  }
}

TEST_F(SqliteStoreTest, ConcurrentCommitsAreAllDurableInOrder) {
  auto store = open();
  Commits commits(io);
  for (int i = 0; i < 500; ++i) commits.start(*store, put(thing("n" + std::to_string(i)), i, 0));
  run_task(io, commits.group().join());
  for (int i = 0; i < 500; ++i) EXPECT_EQ(commits.outcomes()[i], std::to_string(i + 1));
  close(store);
  EXPECT_EQ(rows(), 500);
}

}  // namespace
}  // namespace berth::storage
