#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>

#include "api/storage/sqlite_files.h"
#include "api/storage/sqlite_log.h"
#include "tests/unit/api/storage/sqlite_fixture.h"

// What a disk can do to a store: it is opened with everything that was acknowledged, or not at all.
namespace berth::storage {
namespace {

using fakes::run_task;
using fakes::settle;
using testing::HasSubstr;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kFrame = kPage + 24;
constexpr std::size_t kLogHeader = 32;

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_contents(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

struct SqliteFaultTest : SqliteFixture {
  // Both as a killed berthd leaves them, after `commits` of one transaction each.
  std::string database;
  std::string log;
  std::vector<std::size_t> ends;  // of the log after each commit

  void kill_after(int commits) {
    auto store = open();
    for (int i = 0; i < commits; ++i) {
      commit(*store, put(thing("n" + std::to_string(i)), i));
      ends.push_back(std::filesystem::file_size(log_file_of(file)));
    }
    database = contents(file);
    log = contents(log_file_of(file));
    close(store);
  }
  // A closed store of many pages, whose history is gone in part.
  void fill(int objects) {
    StoreOptions options;
    options.history = 10;
    auto store = open(options);
    for (int i = 0; i < objects; ++i) {
      auto write = put(thing("n" + std::to_string(i)), i);
      (*write.body)["spec"]["text"] = std::string(i % 7 == 0 ? 9000 : 300, 'a' + i % 26);
      commit(*store, std::move(write));
    }
    close(store);
    database = contents(file);
  }
  void lay(const std::string& new_database, const std::string& new_log) {
    put_contents(file, new_database);
    put_contents(log_file_of(file), new_log);
  }
  // How many of n0, n1, ... are there, from the first on; all of them are whole.
  int opened_with() {
    auto store = open();
    int there = 0;
    while (store->get(thing("n" + std::to_string(there)))) {
      EXPECT_EQ(value_of(store->get(thing("n" + std::to_string(there)))), there);
      ++there;
    }
    EXPECT_EQ(store->revision(), static_cast<Revision>(there));
    close(store);
    return there;
  }
};

TEST_F(SqliteFaultTest, ALogThatIsCutShortLosesWhatWasNotWrittenToItsEnd) {
  kill_after(12);
  for (std::size_t size = 0; size <= log.size(); size += 509) {
    lay(database, log.substr(0, size));
    const auto whole = std::count_if(ends.begin(), ends.end(), [size](std::size_t end) { return end <= size; });
    if (size < ends[0]) continue;  // the tables were made in front of it
    EXPECT_EQ(opened_with(), whole) << size;
  }
}

TEST_F(SqliteFaultTest, ALogThatIsWrongAtItsEndLosesTheLastTransactionAlone) {
  kill_after(12);
  for (std::size_t at = ends[10] + 3; at < ends[11]; at += 997) {
    auto torn = log;
    torn[at] ^= 0x40;
    lay(database, torn);
    EXPECT_EQ(opened_with(), 11) << at;
  }
}

TEST_F(SqliteFaultTest, ALogThatIsWrongInFrontOfWhatWasAcknowledgedIsRefused) {
  kill_after(12);
  for (const std::size_t at : {std::size_t{0}, std::size_t{20}, kLogHeader + 100, ends[0] + 100, ends[5] + kFrame / 2, ends[9] + 30}) {
    auto torn = log;
    torn[at] ^= 0x40;
    lay(database, torn);
    const auto error = open_error();
    EXPECT_THAT(error.message, HasSubstr(log_file_of(file).string() + ": is damaged in the middle")) << at;
    EXPECT_THAT(error.message, HasSubstr("berthctl restore")) << at;
  }
  // A page of the file that the system lost, frames and all.
  auto torn = log;
  const auto hole = (ends[4] / kPage + 1) * kPage;
  std::fill(torn.begin() + static_cast<std::ptrdiff_t>(hole), torn.begin() + static_cast<std::ptrdiff_t>(hole + kPage), '\0');
  lay(database, torn);
  EXPECT_THAT(open_error().message, HasSubstr("is damaged in the middle"));
}

TEST_F(SqliteFaultTest, WhatAnOlderLogLeftBehindIsNoDamage) {
  kill_after(12);
  // The next log is written over the one before it, with another salt.
  auto store = open();
  for (int i = 12; i < 15; ++i) commit(*store, put(thing("n" + std::to_string(i)), i));
  const auto young = contents(log_file_of(file));
  close(store);
  ASSERT_LT(young.size(), log.size());
  put_contents(directory / "log", young + log.substr(young.size()));
  EXPECT_EQ(find_log_damage(directory / "log").value(), std::nullopt);
  EXPECT_EQ(find_log_damage(directory / "none").value(), std::nullopt);
  // A file that was made, and whose bytes never came to the disk.
  put_contents(directory / "log", std::string(kLogHeader + 5 * kFrame, '\0'));
  EXPECT_EQ(find_log_damage(directory / "log").value(), std::nullopt);
}

TEST_F(SqliteFaultTest, ADatabaseWithAWrongPageIsRefusedOrWhole) {
  fill(120);
  const int pages = static_cast<int>(database.size() / kPage);
  ASSERT_GT(pages, 20);
  const std::vector<std::pair<const char*, std::function<void(char*)>>> kinds = {
      {"zeros", [](char* page) { std::fill(page, page + kPage, '\0'); }},
      {"half of it zeros", [](char* page) { std::fill(page + kPage / 2, page + kPage, '\0'); }},
      {"half of it another page", [this](char* page) { std::copy_n(database.begin() + kPage, kPage / 2, page); }},
      {"garbage",
       [](char* page) {
         for (std::size_t i = 0; i < kPage; ++i) page[i] = static_cast<char>(i * 131 + 7);
       }},
  };
  int refused = 0;
  for (int page = 0; page < pages; ++page) {
    for (const auto& [name, tear] : kinds) {
      auto torn = database;
      tear(torn.data() + page * kPage);
      if (torn == database) continue;
      lay(torn, "");
      auto opened = open_sqlite_store(io.get_executor(), file);
      if (opened.has_error()) {
        ++refused;
        EXPECT_THAT(opened.error().message, HasSubstr(file.string()));
        EXPECT_THAT(opened.error().message,
                    testing::AnyOf(HasSubstr("berthctl restore"), HasSubstr("is a database, but not one of berthd"),
                                   HasSubstr("schema version")));
        continue;
      }
      auto store = std::move(*opened);
      EXPECT_EQ(store->list("things", "").items.size(), 120u) << "page " << page << ": " << name;
      EXPECT_EQ(store->revision(), 120u) << "page " << page << ": " << name;
      EXPECT_EQ(store->watch("things", "", 100).error().reason, Reason::Expired) << "page " << page << ": " << name;
      close(store);
    }
  }
  EXPECT_GT(refused, pages);
}

TEST_F(SqliteFaultTest, ADatabaseThatIsCutShortIsRefused) {
  fill(120);
  for (std::size_t size = 512; size < database.size(); size += 3 * kPage + 512) {
    lay(database.substr(0, size), "");
    const auto error = open_error();
    EXPECT_THAT(error.message, HasSubstr(file.string() + ": ")) << size;
    EXPECT_THAT(error.message, HasSubstr("berthctl restore")) << size;
  }
}

TEST_F(SqliteFaultTest, ADatabaseThatIsGoneWhileItsLogIsThereIsNotTakenForANewOne) {
  kill_after(3);
  for (const bool empty : {false, true}) {
    std::filesystem::remove(file);
    put_contents(log_file_of(file), log);
    if (empty) put_contents(file, "");
    EXPECT_THAT(open_error().message, HasSubstr("is missing or empty, but its log " + log_file_of(file).string() + " is there"));
    EXPECT_EQ(contents(log_file_of(file)), log);
  }
}

TEST_F(SqliteFaultTest, AnythingThatChangedInTheStateIsDamage) {
  for (const auto* change : {"DELETE FROM state", "UPDATE state SET compacted = 7", "UPDATE state SET epoch = 0",
                             "UPDATE state SET sum = 0", "INSERT INTO state SELECT * FROM state"}) {
    std::filesystem::remove(file);
    auto store = open();
    close(store);
    SqliteDatabase::open(file).value()->execute(change).value();
    EXPECT_THAT(open_error().message, HasSubstr("its state is not what was written; the file is damaged")) << change;
  }
}

// Root may write anything.
class AsNobody {
 public:
  explicit AsNobody(const std::filesystem::path& directory) : root_(::geteuid() == 0) {
    if (!root_) return;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      EXPECT_EQ(::chown(entry.path().c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(::chown(directory.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(::seteuid(kNobody), 0);
  }
  ~AsNobody() {
    if (root_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  static constexpr uid_t kNobody = 65534;
  const bool root_;
};

TEST_F(SqliteFaultTest, ADatabaseThatMayOnlyBeReadIsRefused) {
  auto store = open();
  close(store);
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  const AsNobody nobody(directory);
  EXPECT_THAT(open_error().message, HasSubstr(file.string() + ": is read-only"));
}

TEST_F(SqliteFaultTest, AStoreThatCannotWriteSaysSoAndRecoversWhenItIsAsked) {
  auto store = open();
  commit(*store, put(thing("a"), 1));
  EXPECT_TRUE(store->writable());
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto failed = run_task(io, store->commit(put(thing("a"), 2)));
  const bool writable = store->writable();
  EXPECT_TRUE(run_task(io, store->copy()).has_error());  // behind the try that the question made
  settle(io);
  const bool still = store->writable();
  EXPECT_TRUE(run_task(io, store->copy()).has_error());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(failed.has_error());
  EXPECT_FALSE(writable);
  EXPECT_FALSE(still);
  EXPECT_EQ(value_of(store->get(thing("a"))), 1);
  EXPECT_FALSE(store->writable());
  EXPECT_TRUE(run_task(io, store->copy()).has_value());
  settle(io);
  EXPECT_TRUE(store->writable());
  EXPECT_EQ(commit(*store, put(thing("a"), 3))->revision(), 3u);
  close(store);
}

}  // namespace
}  // namespace berth::storage
