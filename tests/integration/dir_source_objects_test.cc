// Who wins between a file and the API; restarts; what a finished environment does.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/dir_source_fixture.h"

namespace berth::source {
namespace {

using namespace source::testing;
using ::testing::HasSubstr;

TEST_F(DirSourceTest, EditsAreRevertedAndDeletedObjectsMadeAgain) {
  write(dir / "a.yaml", environment("a", "v1"));
  start();
  EVENTUALLY(alive("a"));
  json body = get("a")->body();
  body["spec"]["services"][0]["image"] = "edited";
  ObjectKey key{"default", "a"};
  api::WriteOptions write_options;
  auto edited = fakes::run_task(io, registry.replace(*resource, key, std::move(body), write_options));
  ASSERT_FALSE(edited.has_error());
  EVENTUALLY(image("a") == "v1" && heard("a", "Reverted"));
  const std::string uid = get("a")->uid();
  remove("a");
  STAYS(get("a")->deleting());  // its end is waited for
  finish_deletion("a");
  EVENTUALLY(alive("a") && get("a")->uid() != uid && heard("a", "Recreated"));
}

TEST_F(DirSourceTest, SomebodyElsesObjectIsTakenOverOnlyWhenItAsksForIt) {
  create("a", json::object());
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(heard("a", "ManifestConflict"));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"conflicting\"} 1"));
  STAYS(image("a") == "mine");
  json body = get("a")->body();
  body["metadata"]["annotations"]["berth.dev/adopt"] = "true";
  ObjectKey key{"default", "a"};
  api::WriteOptions write_options;
  auto edited = fakes::run_task(io, registry.replace(*resource, key, std::move(body), write_options));
  ASSERT_FALSE(edited.has_error());
  EVENTUALLY(image("a") == "redis:7" && heard("a", "Adopted"));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"conflicting\"} 0"));
}

TEST_F(DirSourceTest, ARestartDeletesWhatWasRemovedInTheMeantimeAndNothingElse) {
  write(dir / "a.yaml", environment("a"));
  write(dir / "b.yaml", environment("b"));
  start();
  EVENTUALLY(alive("a") && alive("b"));
  create("api", json::object());
  // A copy made by hand carries its original's mark, and is not the directory's.
  create("copy", get("a")->body()["metadata"]["annotations"]);
  const auto revision = get("b")->revision();
  stop();
  fs::remove(dir / "a.yaml");
  start();
  EVENTUALLY(!alive("a"));
  STAYS(alive("b") && alive("api") && alive("copy"));
  EXPECT_EQ(get("b")->revision(), revision);
}

TEST_F(DirSourceTest, ADirectoryFoundEmptyAtStartDeletesNothing) {
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  stop();
  fs::remove(dir / "a.yaml");
  start();
  EVENTUALLY(shows("berth_manifest_held_deletions 1"));
  STAYS(alive("a"));
  write(dir / "b.yaml", environment("b"));
  EVENTUALLY(!alive("a") && alive("b"));
}

TEST_F(DirSourceTest, AFinishedEnvironmentComesBackOnlyWithAnotherContentAcrossRestartsToo) {
  write(dir / "a.yaml", environment("a", "v1"));
  start();
  EVENTUALLY(alive("a"));
  set_phase("a", "Expired");
  pass(50ms);
  remove("a");
  finish_deletion("a");
  STAYS(!get("a"));
  stop();
  start();
  source->rescan();
  STAYS(!get("a"));
  write(dir / "a.yaml", "# a comment is no other content\n" + environment("a", "v1"));
  STAYS(!get("a"));
  write(dir / "a.yaml", environment("a", "v2"));
  EVENTUALLY(image("a") == "v2");
  // Failed, still there, and the content changes: made anew.
  set_phase("a", "Failed");
  const std::string uid = get("a")->uid();
  STAYS(alive("a"));
  write(dir / "a.yaml", environment("a", "v3"));
  EVENTUALLY(get("a")->deleting());
  finish_deletion("a");
  EVENTUALLY(image("a") == "v3" && get("a")->uid() != uid);
  // It is not finished any more: deleted by a person, it is made again.
  remove("a");
  finish_deletion("a");
  EVENTUALLY(alive("a"));
}

TEST_F(DirSourceTest, ABrokenMemoryOfFinishedEnvironmentsIsNoReasonNotToStart) {
  write(options.state_file, "{broken");
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
}

}  // namespace
}  // namespace berth::source
