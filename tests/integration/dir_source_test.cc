// Files, links and directories as people and programs change them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/dir_source_fixture.h"

namespace berth::source {
namespace {

using namespace source::testing;
using ::testing::HasSubstr;

TEST_F(DirSourceTest, RefusesToStartWithoutItsDirectory) {
  options.directories = {top / "nowhere"};
  DirSource missing(io.get_executor(), clock, client, scheme, *std::make_unique<runtime::Informer>(
                    io.get_executor(), clock, client, *resource), metrics, nullptr, options);
  const auto started = missing.start();
  ASSERT_TRUE(started.has_error());
  EXPECT_EQ(started.error().reason, Reason::Invalid);
  EXPECT_THAT(started.error().message, HasSubstr("nowhere does not exist"));
  write(top / "file", "");
  options.directories = {top / "file"};
  DirSource file(io.get_executor(), clock, client, scheme, *std::make_unique<runtime::Informer>(
                 io.get_executor(), clock, client, *resource), metrics, nullptr, options);
  EXPECT_THAT(file.start().error().message, HasSubstr("is not a directory"));
}

TEST_F(DirSourceTest, FilesPresentAtStartAndFilesThatAppearBecomeObjects) {
  write(dir / "a.yaml", environment("a") + "---\n" + environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  write(dir / "c.yml", environment("c"));
  EVENTUALLY(alive("c"));
  save(dir / "d.json", R"({"apiVersion":"berth.dev/v1alpha1","kind":"TestEnvironment","metadata":{"name":"d"},)"
                       R"("spec":{"services":[{"name":"a","image":"redis:7"}]}})");
  EVENTUALLY(alive("d"));
  EXPECT_EQ(get("d")->annotation("berth.dev/source"), (dir / "d.json").string());
  EXPECT_FALSE(get("d")->annotation("berth.dev/source-hash").empty());
  EXPECT_TRUE(shows("berth_manifest_files{state=\"valid\"} 3"));
}

TEST_F(DirSourceTest, NeitherHiddenFilesNorEditorsLeftoversNorFifosCount) {
  start();
  for (const char* name : {".a.yaml", "a.yaml~", "#a.yaml#", ".a.yaml.swp", "a.txt", "4913"}) {
    write(dir / name, environment("hidden"));
  }
  ASSERT_EQ(::mkfifo((dir / "fifo.yaml").c_str(), 0600), 0);
  write(dir / "z.yaml", environment("z"));
  EVENTUALLY(alive("z"));
  EXPECT_FALSE(get("hidden"));
  EVENTUALLY(shows("berth_manifest_files{state=\"invalid\"} 1"));
}

TEST_F(DirSourceTest, SubdirectoriesMadeLaterAreWatchedAllTheWayDown) {
  start();
  pass(50ms);
  fs::create_directories(dir / "x/y/z");
  write(dir / "x/y/z/a.yaml", environment("a"));
  EVENTUALLY(alive("a"));
  fs::create_directory(top / "outside");
  write(top / "outside/b.yaml", environment("b"));
  fs::rename(top / "outside", dir / "x/moved");
  EVENTUALLY(alive("b"));
  write(dir / "x/moved/b.yaml", environment("b", "redis:8"));
  EVENTUALLY(image("b") == "redis:8");
}

TEST_F(DirSourceTest, EveryWayToSaveAFileActs) {
  const fs::path file = dir / "a.yaml";
  write(file, environment("a", "v1"));
  start();
  EVENTUALLY(image("a") == "v1");
  const std::string uid = get("a")->uid();
  save(file, environment("a", "v2"));  // rename over it
  EVENTUALLY(image("a") == "v2");
  write(file, environment("a", "v3"));  // truncate and write
  EVENTUALLY(image("a") == "v3");
  fs::rename(file, dir / "a.yaml~");  // vim: move to a backup, write anew
  write(file, environment("a", "v4"));
  EVENTUALLY(image("a") == "v4");
  fs::remove(file);  // git checkout: unlink, create again
  write(file, environment("a", "v5"));
  EVENTUALLY(image("a") == "v5");
  fs::remove(file);
  fs::create_hard_link(dir / "a.yaml~", file);
  EVENTUALLY(image("a") == "v3");
  pass(2 * kDelay);
  EXPECT_EQ(get("a")->uid(), uid);
  EXPECT_FALSE(get("a")->deleting());
}

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

TEST_F(DirSourceTest, ARemovedFileTheLastOneTooDeletesAfterTheDelay) {
  write(dir / "a.yaml", environment("a"));
  write(dir / "b.yaml", environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  const auto removed = clock.steady_now();
  fs::remove(dir / "a.yaml");
  EVENTUALLY(!alive("a"));
  EXPECT_GE(clock.steady_now() - removed, kDelay);
  EXPECT_TRUE(alive("b"));
  fs::remove(dir / "b.yaml");
  EVENTUALLY(!alive("b"));
  EXPECT_TRUE(heard("b", "ManifestRemoved"));
  finish_deletion("b");
  STAYS(!get("b"));
  write(dir / "b.yaml", environment("b"));
  EVENTUALLY(alive("b"));
}

TEST_F(DirSourceTest, OneDocumentOfAFileAndARenameAwayDelete) {
  write(dir / "a.yaml", environment("a") + "---\n" + environment("b"));
  write(dir / "c.yaml", environment("c"));
  start();
  EVENTUALLY(alive("a") && alive("b") && alive("c"));
  save(dir / "a.yaml", environment("a"));
  fs::rename(dir / "c.yaml", dir / "c.yaml.off");
  EVENTUALLY(!alive("b") && !alive("c"));
  EXPECT_TRUE(alive("a"));
}

TEST_F(DirSourceTest, ADocumentThatMovesKeepsItsObject) {
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  const std::string uid = get("a")->uid();
  const auto generation = get("a")->generation();
  fs::rename(dir / "a.yaml", dir / "b.yaml");
  EVENTUALLY(get("a")->annotation("berth.dev/source") == (dir / "b.yaml").string());
  STAYS(alive("a") && get("a")->uid() == uid && get("a")->generation() == generation);
}

TEST_F(DirSourceTest, AFileThatBecomesInvalidKeepsItsObjectsAndSaysSo) {
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  write(dir / "a.yaml", "apiVersion: [\n");
  EVENTUALLY(heard("a", "ManifestInvalid"));
  EXPECT_THAT(events.back().message, HasSubstr((dir / "a.yaml").string() + ":"));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"invalid\"} 1"));
  STAYS(alive("a"));
  // What the schema refuses is the same to a person.
  events.clear();
  write(dir / "a.yaml", environment("a") + "    imagge: x\n");
  EVENTUALLY(heard("a", "ManifestInvalid"));
  EXPECT_THAT(events.back().message, HasSubstr((dir / "a.yaml").string() + ":9:"));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"invalid\"} 1"));
  write(dir / "a.yaml", environment("a", "v2"));
  EVENTUALLY(image("a") == "v2" && shows("berth_manifest_files{state=\"invalid\"} 0"));
}

TEST_F(DirSourceTest, TheSameObjectInTwoFilesIsAnErrorThatNamesBoth) {
  write(dir / "b.yaml", environment("a", "one"));
  start();
  EVENTUALLY(image("a") == "one");
  write(dir / "a.yaml", environment("a", "two"));
  EVENTUALLY(heard("a", "ManifestConflict"));
  EXPECT_THAT(events.back().message, HasSubstr((dir / "a.yaml").string()));
  EXPECT_THAT(events.back().message, HasSubstr((dir / "b.yaml").string()));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"conflicting\"} 1"));
  STAYS(image("a") == "one");
  fs::remove(dir / "b.yaml");
  EVENTUALLY(image("a") == "two");
  STAYS(alive("a"));
}

TEST_F(DirSourceTest, ADirectoryThatIsRemovedOrMovedAwayDeletesNothing) {
  write(dir / "a.yaml", environment("a"));
  fs::create_directory(dir / "sub");
  write(dir / "sub/b.yaml", environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  fs::rename(dir, top / "away");
  EVENTUALLY(shows("berth_manifest_held_deletions 2"));
  STAYS(alive("a") && alive("b"));
  fs::rename(top / "away", dir);
  EVENTUALLY(shows("berth_manifest_held_deletions 0"));
  write(dir / "a.yaml", environment("a", "v2"));
  EVENTUALLY(image("a") == "v2");

  fs::remove_all(dir);
  EVENTUALLY(shows("berth_manifest_held_deletions 2"));
  STAYS(alive("a") && alive("b"));
  fs::create_directory(dir);  // an empty one in its place holds too
  STAYS(alive("a") && alive("b"));
  write(dir / "a.yaml", environment("a", "v3"));
  EVENTUALLY(image("a") == "v3");
  EVENTUALLY(!alive("b"));  // it is back with content, and without this file
  EXPECT_TRUE(alive("a"));
}

TEST_F(DirSourceTest, PruneEmptyLetsAVanishedDirectoryDelete) {
  options.prune_empty = true;
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  fs::remove_all(dir);
  EVENTUALLY(!alive("a"));
}

TEST_F(DirSourceTest, ADirectoryThatBecomesAFileDeletesNothing) {
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  fs::remove_all(dir);
  write(dir, "no directory");
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  STAYS(alive("a"));
}

TEST_F(DirSourceTest, AnUnreadableDirectoryDeletesNothing) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  fs::permissions(dir, fs::perms::none);
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  STAYS(alive("a"));
  fs::permissions(dir, fs::perms::owner_all);
  EVENTUALLY(shows("berth_manifest_held_deletions 0"));
}

// git-sync: the watched path is a link that is swapped by a rename.
TEST_F(DirSourceTest, ASwappedLinkToTheDirectoryActsAtOnceAndLetsGoWhatIsNotThere) {
  fs::create_directories(top / "rev1");
  fs::create_directories(top / "rev2");
  fs::create_directories(top / "rev3");
  write(top / "rev1/a.yaml", environment("a", "v1"));
  write(top / "rev1/b.yaml", environment("b"));
  write(top / "rev2/a.yaml", environment("a", "v2"));
  fs::create_directory_symlink("rev1", top / "current");
  options.directories = {top / "current"};
  start();
  EVENTUALLY(image("a") == "v1" && alive("b"));
  fs::create_directory_symlink("rev2", top / "next");
  fs::rename(top / "next", top / "current");
  EVENTUALLY(image("a") == "v2");
  EVENTUALLY(!alive("b"));
  EXPECT_EQ(get("a")->annotation("berth.dev/source"), (top / "current/a.yaml").string());
  fs::create_directory_symlink("rev3", top / "next");
  fs::rename(top / "next", top / "current");
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  STAYS(alive("a"));
  fs::remove(top / "current");
  STAYS(alive("a"));
}

// Kubernetes' volumes: a.yaml -> ..data/a.yaml, ..data -> ..1.
TEST_F(DirSourceTest, LinksThroughASwappedHiddenDirectoryAct) {
  fs::create_directories(dir / "..1");
  fs::create_directories(dir / "..2");
  write(dir / "..1/a.yaml", environment("a", "v1"));
  write(dir / "..2/a.yaml", environment("a", "v2"));
  fs::create_directory_symlink("..1", dir / "..data");
  fs::create_symlink("..data/a.yaml", dir / "a.yaml");
  start();
  EVENTUALLY(image("a") == "v1");
  fs::create_directory_symlink("..2", dir / "..data_tmp");
  fs::rename(dir / "..data_tmp", dir / "..data");
  EVENTUALLY(image("a") == "v2");
  write(dir / "..2/a.yaml", environment("a", "v3"));
  EVENTUALLY(image("a") == "v3");
  STAYS(alive("a"));
}

TEST_F(DirSourceTest, LinksOutOfTheDirectoryAreFollowedAndLoopsEnd) {
  fs::create_directories(top / "elsewhere/deep");
  write(top / "elsewhere/deep/a.yaml", environment("a", "v1"));
  write(top / "b.yaml", environment("b", "v1"));
  fs::create_directory_symlink(top / "elsewhere", dir / "linked");
  fs::create_directory_symlink(dir, dir / "loop");
  fs::create_symlink(top / "b.yaml", dir / "b.yaml");
  fs::create_symlink("self.yaml", dir / "self.yaml");
  start();
  EVENTUALLY(alive("a") && alive("b"));
  write(top / "elsewhere/deep/a.yaml", environment("a", "v2"));
  save(top / "b.yaml", environment("b", "v2"));
  EVENTUALLY(image("a") == "v2" && image("b") == "v2");
  fs::rename(top / "elsewhere", top / "gone");  // the link dangles: nothing is known of what lies behind it
  STAYS(alive("a"));
  fs::remove(dir / "linked");  // the link itself goes: so do its files
  EVENTUALLY(!alive("a"));
}

// Not a timed test: says how long it took when it is run by hand.
TEST_F(DirSourceTest, AClosedFileIsAnObjectBeforeAnythingElseHappens) {
  start();
  pass(100ms);
  base::Duration longest{0};
  for (int i = 0; i < 20; ++i) {
    const std::string name = "e" + std::to_string(i);
    write(dir / (name + ".yaml"), environment(name));
    const auto closed = clock.steady_now();
    EVENTUALLY(alive(name));
    longest = std::max<base::Duration>(longest, clock.steady_now() - closed);
  }
  RecordProperty("longest_ms", std::to_string(std::chrono::duration<double, std::milli>(longest).count()));
}

TEST_F(DirSourceTest, AThousandFilesAppearAndGo) {
  start();
  pass(50ms);
  for (int i = 0; i < 1000; ++i) write(dir / ("e" + std::to_string(i) + ".yaml"), environment("e" + std::to_string(i)));
  EXPECT_TRUE(eventually([&] { return registry.list(*resource, "").items.size() == 1000; }, 60s));
  EVENTUALLY(shows("berth_manifest_files{state=\"valid\"} 1000"));
  for (int i = 0; i < 1000; ++i) fs::remove(dir / ("e" + std::to_string(i) + ".yaml"));
  EXPECT_TRUE(eventually(
      [&] {
        const auto items = registry.list(*resource, "").items;
        return std::all_of(items.begin(), items.end(), [](const ObjectPtr& object) { return object->deleting(); });
      },
      60s));
}

}  // namespace
}  // namespace berth::source
