// Files that somebody has open for writing.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/source/file_reader.h"
#include "tests/integration/dir_source_fixture.h"

namespace berth::source {
namespace {

using namespace source::testing;

constexpr uid_t kSomebody = 12345;

// Has a file open for writing.
class Writer {
 public:
  Writer(const fs::path& file, int flags) : fd_(::open(file.c_str(), O_WRONLY | flags, 0644)) { EXPECT_GE(fd_, 0) << file; }
  ~Writer() { ::close(fd_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void put(const std::string& text) { EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size())); }

 private:
  int fd_;
};

TEST_F(DirSourceTest, AFileActsOnlyWhenItIsClosed) {
  const fs::path file = dir / "a.yaml";
  write(file, environment("a", "v1") + "---\n" + environment("b", "v1"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  const std::string text = environment("a", "v2") + "---\n" + environment("b", "v2");
  const int fd = ::open(file.c_str(), O_WRONLY | O_TRUNC);
  for (std::size_t at = 0; at < text.size(); at += 30) {
    const auto part = std::min<std::size_t>(30, text.size() - at);
    ASSERT_EQ(::write(fd, text.data() + at, part), static_cast<ssize_t>(part));
    source->rescan();
    pass(60ms);
    EXPECT_EQ(image("a"), "v1");
    EXPECT_EQ(image("b"), "v1");
  }
  EXPECT_TRUE(alive("a") && alive("b"));
  ::close(fd);
  EVENTUALLY(image("a") == "v2" && image("b") == "v2");
  EXPECT_TRUE(shows("berth_manifest_files{state=\"invalid\"} 0"));
  EXPECT_TRUE(shows("berth_manifest_errors_total 0"));
}

// No writing is seen between the looks: they alone must not make half a file of it.
TEST_F(DirSourceTest, ASilentWriterIsWaitedForHoweverOftenEverythingIsReadAgain) {
  write(dir / "a.yaml", environment("a", "v1") + "---\n" + environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  {
    Writer writer(dir / "a.yaml", O_TRUNC);
    writer.put(environment("a", "v2"));
    for (int i = 0; i < 5; ++i) {
      source->rescan();
      pass(60ms);
    }
    STAYS(image("a") == "v1" && alive("b"));
  }
  EVENTUALLY(image("a") == "v2" && !alive("b"));
}

TEST_F(DirSourceTest, ADocumentIsNotMissedAsLongAsItsFileIsBeingWritten) {
  options.prune_delay = 1s;
  write(dir / "a.yaml", environment("a") + "---\n" + environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  write(dir / "a.yaml", environment("a"));
  pass(60ms);
  {
    Writer writer(dir / "a.yaml", O_APPEND);
    writer.put("---\n");
    EXPECT_TRUE(stays([&] { return alive("b"); }, 2s));
    writer.put(environment("b"));
  }
  EXPECT_TRUE(stays([&] { return alive("b"); }, 2s));
}

TEST_F(DirSourceTest, AFileOfANewDirectoryActsWhenItIsClosedTooThoughItsOpeningWasNotSeen) {
  start();
  pass(100ms);
  fs::create_directory(top / "new");
  {
    Writer writer(top / "new/a.yaml", O_CREAT);
    writer.put(environment("a", "redis"));
    fs::rename(top / "new", dir / "new");
    write(dir / "b.yaml", environment("b"));
    EVENTUALLY(alive("b"));
  }
  EVENTUALLY(alive("a"));
  {
    fs::create_directories(dir / "later/deep");
    Writer writer(dir / "later/deep/c.yaml", O_CREAT);
    writer.put(environment("c", "redis"));
    STAYS(!get("c"));
    writer.put("    command: [x]\n");
  }
  EVENTUALLY(alive("c"));
  EXPECT_EQ(get("c")->spec()["services"][0]["command"], json::array({"x"}));
}

TEST_F(DirSourceTest, AFileThatIsPutInPlaceByLinksActsAtOnce) {
  start();
  pass(100ms);
  for (int i = 0; i < 20; ++i) {
    const std::string name = "e" + std::to_string(i);
    write(dir / ".draft", environment(name));
    fs::create_hard_link(dir / ".draft", dir / (name + ".yaml"));
    fs::remove(dir / ".draft");
    EVENTUALLY(alive(name));
  }
}

TEST_F(DirSourceTest, AFileThatIsPutInPlaceBeforeItIsClosedActsWhenItIsClosed) {
  start();
  pass(100ms);
  {
    Writer writer(dir / ".draft", O_CREAT);
    writer.put(environment("a", "redis"));
    fs::create_hard_link(dir / ".draft", dir / "a.yaml");
    fs::remove(dir / ".draft");
    STAYS(!get("a"));
    writer.put("    command: [x]\n");
  }
  EVENTUALLY(alive("a"));
  EXPECT_EQ(get("a")->spec()["services"][0]["command"], json::array({"x"}));
  const int fd = ::open(dir.c_str(), O_TMPFILE | O_WRONLY, 0644);
  if (fd < 0) return;  // not every filesystem has such files
  const std::string text = environment("b");
  ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  ASSERT_EQ(::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, (dir / "b.yaml").c_str(), AT_SYMLINK_FOLLOW), 0);
  ::close(fd);
  EVENTUALLY(alive("b"));
}

TEST_F(DirSourceTest, WhetherAFileIsBeingWrittenIsKnownWithoutDisturbingTheWriter) {
  const fs::path file = dir / "a.yaml";
  write(file, "x");
  if (!being_written(file)) GTEST_SKIP() << "this filesystem does not tell";
  EXPECT_EQ(being_written(file), false);
  {
    Writer writer(file, O_NONBLOCK);  // would be refused if the question still stood
    EXPECT_EQ(being_written(file), true);
    writer.put("y");
  }
  EXPECT_EQ(being_written(file), false);
  EXPECT_EQ(being_written(dir / "nowhere.yaml"), std::nullopt);
  EXPECT_EQ(being_written("/proc/self/status"), std::nullopt);
  if (::chown(file.c_str(), kSomebody, kSomebody) != 0) return;
  const WithoutCapabilities to_ask_about_others{CAP_LEASE};
  EXPECT_EQ(being_written(file), std::nullopt);
}

// Somebody else's files, where the system does not say who writes them.
class SomebodyElsesFiles : public DirSourceTest {
 protected:
  void start_without_leases() {
    const WithoutCapabilities to_ask_about_others{CAP_LEASE};
    start();
  }
};

TEST_F(SomebodyElsesFiles, ActWhenTheyAreClosedOrPutInPlace) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes files of others";
  write(dir / "a.yaml", environment("a", "v1"));
  ASSERT_EQ(::chown((dir / "a.yaml").c_str(), kSomebody, kSomebody), 0);
  start_without_leases();
  EVENTUALLY(image("a") == "v1");
  {
    Writer writer(dir / "a.yaml", O_TRUNC);
    writer.put(environment("a", "v2"));
    for (int i = 0; i < 5; ++i) {
      source->rescan();
      pass(60ms);
    }
    STAYS(image("a") == "v1");
  }
  EVENTUALLY(image("a") == "v2");
  write(dir / ".draft", environment("b"));
  ASSERT_EQ(::chown((dir / ".draft").c_str(), kSomebody, kSomebody), 0);
  fs::create_hard_link(dir / ".draft", dir / "b.yaml");
  fs::remove(dir / ".draft");
  EVENTUALLY(alive("b"));
}

}  // namespace
}  // namespace berth::source
