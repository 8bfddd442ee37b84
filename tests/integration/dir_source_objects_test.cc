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
  // A copy made by hand is not the directory's.
  create("copy", get("a")->body()["metadata"]["annotations"]);
  const auto revision = get("b")->revision();
  stop();
  fs::remove(dir / "a.yaml");
  start();
  EVENTUALLY(!alive("a"));
  STAYS(alive("b") && alive("api") && alive("copy"));
  EXPECT_EQ(get("b")->revision(), revision);
}

// kubectl get -o yaml, the file removed, kubectl apply: from then on it is the user's.
TEST_F(DirSourceTest, AnObjectOfADirectoryThatIsMadeAgainByHandOutlivesARestart) {
  write(dir / "a.yaml", environment("a"));
  write(dir / "z.yaml", environment("z"));
  start();
  EVENTUALLY(alive("a") && alive("z"));
  const json annotations = get("a")->body()["metadata"]["annotations"];
  fs::remove(dir / "a.yaml");
  EVENTUALLY(!alive("a"));
  finish_deletion("a");
  pass(100ms);
  create("a", annotations);
  STAYS(alive("a"));
  stop();
  start();
  STAYS(alive("a"));
}

TEST_F(DirSourceTest, ALabelThatWasTakenOutOfTheFileInTheMeantimeIsTakenOff) {
  const auto labelled = [](const std::string& labels) {
    std::string text = environment("a");
    return text.insert(text.find("spec:"), "  labels: {" + labels + "}\n");
  };
  write(dir / "a.yaml", labelled("x: '1', y: '2'"));
  start();
  EVENTUALLY(alive("a"));
  EXPECT_EQ(get("a")->body()["metadata"]["labels"], json({{"x", "1"}, {"y", "2"}}));
  stop();
  write(dir / "a.yaml", labelled("x: '1'"));
  start();
  EVENTUALLY(get("a")->body()["metadata"]["labels"] == json({{"x", "1"}}));
}

TEST_F(DirSourceTest, AConflictBetweenTwoNewFilesIsToldOfTheObjectThatBecomesOfIt) {
  options.prune_delay = 1s;
  write(dir / "a.yaml", environment("a", "one"));
  write(dir / "b.yaml", environment("a", "two"));
  start();
  EVENTUALLY(heard("a", "ManifestConflict"));
  EXPECT_THAT(events.back().message, HasSubstr((dir / "a.yaml").string()));
  EXPECT_THAT(events.back().message, HasSubstr((dir / "b.yaml").string()));
  EXPECT_TRUE(shows("berth_manifest_errors_total 1"));
  EXPECT_EQ(image("a"), "one");
  // The one with the say is checked out anew.
  fs::remove(dir / "a.yaml");
  pass(50ms);
  write(dir / "a.yaml", environment("a", "one"));
  EXPECT_TRUE(stays([&] { return image("a") == "one"; }, 2s));
}

TEST_F(DirSourceTest, AnEnvironmentOfANamespaceThatIsGoingIsMadeWhenItIsGone) {
  const auto* namespaces = scheme.find("", "v1", "namespaces");
  json body = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "ci"}}}};
  api::WriteOptions write_options;
  std::string none;
  auto made = fakes::run_task(io, registry.create(*namespaces, none, std::move(body), write_options));
  ASSERT_FALSE(made.has_error()) << made.error().message;
  ObjectKey key{"", "ci"};
  api::DeletePreconditions preconditions;
  ASSERT_FALSE(fakes::run_task(io, registry.remove(*namespaces, key, preconditions, false)).has_error());
  std::string text = environment("a");
  text.insert(text.find("  name: a\n"), "  namespace: ci\n");
  write(dir / "a.yaml", text);
  start();
  const auto there = [&] { return registry.get(*resource, {"ci", "a"}).has_value(); };
  STAYS(!there());
  json finalized = {{"metadata", {{"name", "ci"}}}, {"spec", json::object()}};
  ASSERT_FALSE(fakes::run_task(io, registry.finalize_namespace("ci", finalized, write_options)).has_error());
  EVENTUALLY(there());
  EXPECT_TRUE(shows("berth_manifest_files{state=\"invalid\"} 0"));
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

TEST_F(DirSourceTest, AFinishedEnvironmentIsNotDeletedForAContentThatIsRefused) {
  write(dir / "a.yaml", environment("a", "v1"));
  start();
  EVENTUALLY(alive("a"));
  set_phase("a", "Failed");
  pass(50ms);
  write(dir / "a.yaml", environment("a", "v2") + "    imagge: x\n");
  EVENTUALLY(heard("a", "ManifestInvalid"));
  STAYS(alive("a"));
  EXPECT_TRUE(shows("berth_manifest_files{state=\"invalid\"} 1"));
  EXPECT_TRUE(shows("berth_manifest_errors_total 1"));
  write(dir / "a.yaml", environment("a", "v3"));
  EVENTUALLY(!alive("a"));
  finish_deletion("a");
  EVENTUALLY(image("a") == "v3");
}

TEST_F(DirSourceTest, AnExpiredEnvironmentThatIsHandedOverIsMadeAnew) {
  create("a", {{"berth.dev/adopt", "true"}});
  set_phase("a", "Expired");
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(!alive("a") && heard("a", "Remaking"));
  EXPECT_THAT(events.back().message, HasSubstr("handed over to " + (dir / "a.yaml").string()));
  finish_deletion("a");
  EVENTUALLY(image("a") == "redis:7" && get("a")->annotation("berth.dev/adopt").empty());
}

TEST_F(DirSourceTest, TheMemoryOfFinishedEnvironmentsIsWrittenAsSoonAsThatIsPossible) {
  options.state_file = top / "later/finished.json";
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
  set_phase("a", "Expired");
  pass(100ms);
  fs::create_directory(top / "later");
  EVENTUALLY(fs::exists(options.state_file));
}

TEST_F(DirSourceTest, ABrokenMemoryOfFinishedEnvironmentsIsNoReasonNotToStart) {
  write(options.state_file, "{broken");
  write(dir / "a.yaml", environment("a"));
  start();
  EVENTUALLY(alive("a"));
}

}  // namespace
}  // namespace berth::source
