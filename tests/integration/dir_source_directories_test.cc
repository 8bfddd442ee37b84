// Directories and links as people and programs change them.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/dir_source_fixture.h"

namespace berth::source {
namespace {

using namespace source::testing;
using ::testing::HasSubstr;

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
  write(dir / "a.yaml", environment("a"));
  {
    const WithoutCapabilities as_root_has{CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH};  // for the thread that looks
    start();
  }
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

// The last manifest of a subdirectory, which stays for another file's sake, as git keeps it.
TEST_F(DirSourceTest, ASwappedLinkLetsGoTheLastManifestOfASubdirectoryToo) {
  for (const char* revision : {"rev1", "rev2"}) {
    fs::create_directories(top / revision / "sub");
    write(top / revision / "a.yaml", environment("a"));
    write(top / revision / "sub/README", "x");
  }
  write(top / "rev1/sub/b.yaml", environment("b"));
  fs::create_directory_symlink("rev1", top / "current");
  options.directories = {top / "current"};
  start();
  EVENTUALLY(alive("a") && alive("b"));
  fs::create_directory_symlink("rev2", top / "next");
  fs::rename(top / "next", top / "current");
  EVENTUALLY(!alive("b"));
  EXPECT_TRUE(alive("a"));
}

TEST_F(DirSourceTest, ADirectoryThatIsFilledAgainDeletesNothingInTheMeantime) {
  options.prune_delay = 1s;
  std::vector<std::string> names;
  for (int i = 0; i < 10; ++i) names.push_back("e" + std::to_string(i));
  for (const auto& name : names) write(dir / (name + ".yaml"), environment(name));
  const auto all_alive = [&] { return std::all_of(names.begin(), names.end(), [&](const auto& name) { return alive(name); }); };
  start();
  EVENTUALLY(all_alive());
  fs::remove_all(dir);
  EVENTUALLY(shows("berth_manifest_held_deletions 10"));
  fs::create_directory(dir);
  EXPECT_TRUE(stays(all_alive, 2s));
  save(dir / "a-new.yaml", environment("new"));  // it is not empty any more
  EVENTUALLY(shows("berth_manifest_held_deletions 0"));
  for (const auto& name : names) save(dir / (name + ".yaml"), environment(name));
  EXPECT_TRUE(stays(all_alive, 2s));
}

TEST_F(DirSourceTest, TwoDirectoriesAreWatchedEachForItself) {
  fs::create_directory(top / "more");
  options.directories = {dir, top / "more"};
  write(dir / "a.yaml", environment("a"));
  write(top / "more/b.yaml", environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  fs::rename(dir, top / "away");
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  write(top / "more/c.yaml", environment("c"));
  fs::remove(top / "more/b.yaml");
  EVENTUALLY(alive("c") && !alive("b"));
  STAYS(alive("a"));
  fs::rename(top / "away", dir);
  EVENTUALLY(shows("berth_manifest_held_deletions 0"));
  // A document that moves from one to the other keeps its object.
  const std::string uid = get("a")->uid();
  fs::rename(dir / "a.yaml", top / "more/a.yaml");
  EVENTUALLY(get("a")->annotation("berth.dev/source") == (top / "more/a.yaml").string());
  STAYS(alive("a") && get("a")->uid() == uid);
}

TEST_F(DirSourceTest, ADirectoryThatIsWatchedTwiceIsReadOnce) {
  fs::create_directory(dir / "sub");
  fs::create_directory_symlink(dir, top / "link");
  options.directories = {dir, dir / "sub", top / "link", dir / "."};
  write(dir / "a.yaml", environment("a"));
  write(dir / "sub/b.yaml", environment("b", "v1"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"valid\"} 2"));
  EXPECT_TRUE(shows("berth_manifest_errors_total 0"));
  write(dir / "sub/b.yaml", environment("b", "v2"));
  EVENTUALLY(image("b") == "v2");
  fs::remove(dir / "a.yaml");
  EVENTUALLY(!alive("a"));
  fs::remove_all(dir / "sub");  // watched for itself, it does not count as its files' removal
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  STAYS(alive("b"));
}

TEST_F(DirSourceTest, WithoutDirectoriesTheirObjectsAreKeptAndTheirEndIsRemembered) {
  write(dir / "a.yaml", environment("a"));
  write(dir / "b.yaml", environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  stop();
  options.directories.clear();
  start();
  EVENTUALLY(shows("berth_manifest_held_deletions 2"));
  source->rescan();
  STAYS(alive("a") && alive("b"));
  set_phase("a", "Expired");
  pass(50ms);
  remove("a");
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  finish_deletion("a");
  stop();
  options.directories = {dir};
  start();
  EVENTUALLY(shows("berth_manifest_held_deletions 0"));
  STAYS(!get("a") && alive("b"));
}

// One of FUSE, whose other end nobody reads.
TEST_F(DirSourceTest, AFilesystemThatDoesNotAnswerHoldsUpNoStop) {
  const int fuse = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0 || ::unshare(CLONE_NEWNS) != 0) GTEST_SKIP() << "cannot mount here";
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  fs::create_directory(dir / "silent");
  const std::string data = "fd=" + std::to_string(fuse) + ",rootmode=40000,user_id=0,group_id=0";
  ASSERT_EQ(::mount("silent", (dir / "silent").c_str(), "fuse", MS_NOSUID | MS_NODEV, data.c_str()), 0);
  source->rescan();
  pass(100ms);
  set_phase("a", "Expired");  // to be written by the thread that is held up
  pass(100ms);
  stop();
  EXPECT_TRUE(fs::exists(options.state_file));
  ::close(fuse);
  EXPECT_EQ(::umount2((dir / "silent").c_str(), MNT_DETACH), 0);
}

TEST_F(DirSourceTest, WhatIsHeldIsCountedOnlyAsLongAsThereIsAnObject) {
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  fs::rename(dir, top / "away");
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  remove("a");
  EVENTUALLY(shows("berth_manifest_held_deletions 0"));
  finish_deletion("a");
  fs::rename(top / "away", dir);
  EVENTUALLY(alive("a"));
}

}  // namespace
}  // namespace berth::source
