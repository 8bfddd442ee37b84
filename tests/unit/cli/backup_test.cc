#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "api/storage/sqlite_store.h"
#include "base/locked_file.h"
#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class BackupCommandTest : public CommandTest {
 protected:
  BackupCommandTest() {
    remote.stream_headers = {{"X-Berth-Objects", "31"}, {"X-Berth-Revision", "412"}};
  }
  void serve(std::deque<std::string> pieces) { remote.streams["/berth/v1/backup"] = std::move(pieces); }
  static std::string contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(data), fs::directory_iterator())); }

  // A store with one object of this value.
  void make_store(const fs::path& file, const std::string& value) {
    auto kept = storage::open_sqlite_store(io.get_executor(), file).value();
    storage::Write write{
        {"things", "ci", "a"},
        json{{"apiVersion", "v1"}, {"kind", "Thing"}, {"metadata", {{"name", "a"}, {"namespace", "ci"}}}, {"value", value}},
        std::nullopt};
    fakes::run_task(io, kept->commit(std::move(write))).value();
    fakes::run_task(io, kept->stop());
  }
  std::string value_in(const fs::path& file) {
    auto kept = storage::open_sqlite_store(io.get_executor(), file).value();
    const auto object = kept->get({"things", "ci", "a"});
    fakes::run_task(io, kept->stop());
    return object ? object->body().value("value", "") : "nothing";
  }
  int restore(const fs::path& file, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"restore", file.string(), "--data-dir", data.string()};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  const fs::path& data = scratch.path();
};

TEST_F(BackupCommandTest, WritesWhatTheServerSendsForItsOwnerAlone) {
  serve({"one ", "two"});
  const auto file = data / "backup.db";
  ::umask(0);
  ASSERT_EQ(run({"backup", file}), 0) << err();
  EXPECT_EQ(out(), file.string() + ": 31 objects at revision 412\n");
  EXPECT_EQ(contents(file), "one two");
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(BackupCommandTest, ReplacesAFileOnlyWhenForced) {
  serve({"new"});
  const auto file = data / "backup.db";
  std::ofstream(file) << "old";
  EXPECT_EQ(run({"backup", file}), 1);
  EXPECT_THAT(err(), HasSubstr("is there already; --force replaces it"));
  EXPECT_EQ(contents(file), "old");
  EXPECT_TRUE(remote.calls.empty());
  ASSERT_EQ(run({"backup", file, "--force"}), 0) << err();
  EXPECT_EQ(contents(file), "new");
}

TEST_F(BackupCommandTest, ReplacesNothingButAFile) {
  for (const auto& place : {data, fs::path("/dev/null")}) {
    EXPECT_EQ(run({"backup", place, "--force"}), 1);
    EXPECT_THAT(err(), HasSubstr(place.string() + " is no file that a backup could replace"));
  }
  EXPECT_TRUE(remote.calls.empty());
}

TEST_F(BackupCommandTest, OneThatBreaksOffLeavesTheOldOne) {
  serve({"half of", TextStream::kCutOff});
  const auto file = data / "backup.db";
  std::ofstream(file) << "old";
  EXPECT_EQ(run({"backup", file, "--force"}), 1);
  EXPECT_THAT(err(), HasSubstr("the connection was cut"));
  EXPECT_EQ(contents(file), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(BackupCommandTest, GoesToStandardOutput) {
  serve({"one ", "two"});
  ASSERT_EQ(run({"backup", "-"}), 0);
  EXPECT_EQ(out(), "one two");
  EXPECT_EQ(err(), "standard output: 31 objects at revision 412\n");
}

TEST_F(BackupCommandTest, SaysWhereItCannotWrite) {
  serve({"x"});
  EXPECT_EQ(run({"backup", data / "nowhere" / "backup.db"}), 1);
  EXPECT_THAT(err(), HasSubstr("nowhere/backup.db: cannot be written: No such file or directory"));
}

TEST_F(BackupCommandTest, RestoreReplacesAStoreOnlyWhenForcedAndKeepsIt) {
  make_store(data / "old.db", "old");
  make_store(data / "berth.db", "new");
  EXPECT_EQ(restore(data / "old.db"), 1);
  EXPECT_THAT(err(), HasSubstr("berth.db: there is a store already; --force"));
  EXPECT_EQ(value_in(data / "berth.db"), "new");
  ASSERT_EQ(restore(data / "old.db", {"--force"}), 0) << err();
  EXPECT_EQ(out(), (data / "berth.db").string() + ": 1 object at revision 1\n");
  EXPECT_EQ(err(), "what was there is now " + (data / "berth.db.before-restore").string() + "\n");
  EXPECT_EQ(value_in(data / "berth.db"), "old");
  EXPECT_EQ(value_in(data / "berth.db.before-restore"), "new");
}

TEST_F(BackupCommandTest, RestoreWaitsForNoBerthd) {
  make_store(data / "old.db", "old");
  const auto lock = base::lock_file(data / "lock").value();
  EXPECT_EQ(restore(data / "old.db"), 1);
  EXPECT_THAT(err(), HasSubstr("berthd (pid " + std::to_string(::getpid()) + ") uses the data directory " + data.string()));
  EXPECT_FALSE(fs::exists(data / "berth.db"));
  ::close(lock.fd);
  EXPECT_EQ(restore(data / "old.db"), 0) << err();
  EXPECT_EQ(value_in(data / "berth.db"), "old");
}

// berthd would take it for its own then, and close it to others.
TEST_F(BackupCommandTest, RestoreLeavesADirectoryOfOthersAlone) {
  make_store(data / "old.db", "old");
  const auto place = data / "home";
  fs::create_directory(place);
  fs::permissions(place, fs::perms(0755));
  std::ofstream(place / "letter") << "dear";
  const std::vector<std::string> words = {"restore", data / "old.db", "--data-dir", place};
  EXPECT_EQ(run(words), 1);
  EXPECT_THAT(err(), HasSubstr("home: holds other files and is open to others"));
  EXPECT_FALSE(fs::exists(place / "lock"));
  fs::remove(place / "letter");
  EXPECT_EQ(run(words), 0) << err();
  EXPECT_EQ(value_in(place / "berth.db"), "old");
}

TEST_F(BackupCommandTest, RestoreRefusesWhatIsNoBackup) {
  std::ofstream(data / "text") << "no store";
  EXPECT_EQ(restore(data / "text"), 1);
  EXPECT_THAT(err(), HasSubstr((data / "text").string() + ": file is not a database; the file is damaged, another backup may be whole"));
  EXPECT_EQ(run({"restore", data / "text", "--data-dir", data / "nowhere"}), 1);
  EXPECT_THAT(err(), HasSubstr("nowhere: is no data directory of berthd; --data-dir DIR names one, which may be empty: No such file"));
  EXPECT_FALSE(fs::exists(data / "berth.db"));
}

}  // namespace
}  // namespace berth::cli
