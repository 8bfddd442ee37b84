// Files as people and programs change them.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/dir_source_fixture.h"

namespace berth::source {
namespace {

using namespace source::testing;
using ::testing::HasSubstr;

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

// Written through a name outside of the directory: the kernel tells nothing of it here.
TEST_F(DirSourceTest, ASecondLookAtEverythingFindsWhatTheKernelDidNotTell) {
  write(top / "outside.yaml", environment("a", "v1"));
  fs::create_hard_link(top / "outside.yaml", dir / "a.yaml");
  start();
  EVENTUALLY(image("a") == "v1");
  pass(100ms);
  write(top / "outside.yaml", environment("a", "v2"));
  STAYS(image("a") == "v1");
  source->rescan();
  EVENTUALLY(image("a") == "v2");
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
  EVENTUALLY(heard("b", "ManifestRemoved"));
  EXPECT_EQ(events.back().message, "its manifest is gone from " + (dir / "b.yaml").string());
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
