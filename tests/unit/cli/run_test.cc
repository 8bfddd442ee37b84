#include <signal.h>
#include <unistd.h>

#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

using testing::HasSubstr;

class RunCommand : public CommandTest {
 protected:
  std::vector<ObjectPtr> environments_left() { return registry.list(environments(scheme), "").items; }

  // What somebody else does meanwhile.
  Task<void> delete_all_after(base::Duration delay) {
    co_await clock.sleep_for(delay);
    const api::DeletePreconditions any;
    for (const auto& environment : environments_left()) {
      co_await client.remove(environments(scheme), environment->key(), any);
    }
  }
};

TEST_F(RunCommand, GivesTheCommandItsVariablesAndPassesItsStatusOn) {
  controller.start(ready_status);
  const auto file = write_file("run.yaml", kManifest);
  const auto seen = (scratch / "seen").string();
  const auto script =
      "echo $DEV_POSTGRES_PORT $BERTH_ENDPOINT_POSTGRES_SQL $BERTH_NAMESPACE ${BERTH_ENVIRONMENT%-*} > " + seen +
      "; exit 7";
  EXPECT_EQ(run({"run", "-f", file, "--", "sh", "-c", script}), 7) << err();
  std::stringstream text;
  text << std::ifstream(seen).rdbuf();
  EXPECT_EQ(text.str(), "30000 127.0.0.1:30000 default checkout\n");
  EXPECT_TRUE(registry.list(environments(scheme), "").items.empty());
  EXPECT_TRUE(registry.list(*scheme.find_name("leases"), "").items.empty());
}

TEST_F(RunCommand, TellsASignalFromAnExit) {
  controller.start(ready_status);
  const auto file = write_file("run.yaml", kManifest);
  EXPECT_EQ(run({"run", "-f", file, "--", "sh", "-c", "kill -TERM $$"}), 128 + 15);
  EXPECT_EQ(run({"run", "-f", file, "--", "/no/such/command"}), 127);
  EXPECT_EQ(run({"run", "-f", file, "--", "/etc/passwd"}), 126);
  EXPECT_TRUE(registry.list(environments(scheme), "").items.empty());
}

TEST_F(RunCommand, DeletesAnEnvironmentThatDidNotBecomeReady) {
  controller.start(failed_status);
  const auto file = write_file("run.yaml", kManifest);
  EXPECT_EQ(run({"run", "-f", file, "--", "true"}), 125);
  EXPECT_THAT(err(), HasSubstr("FATAL: out of luck"));
  EXPECT_TRUE(registry.list(environments(scheme), "").items.empty());
  EXPECT_EQ(run({"run", "-f", file, "--keep-on-failure", "--", "true"}), 125);
  EXPECT_EQ(registry.list(environments(scheme), "").items.size(), 1u);
}

TEST_F(RunCommand, RefusesWhatItCannotRun) {
  const auto file = write_file("run.yaml", kManifest);
  EXPECT_EQ(run({"run", "-f", file}), 125);
  EXPECT_THAT(err(), HasSubstr("write it after --"));
  EXPECT_EQ(run({"run", "--", "true"}), 125);
  EXPECT_EQ(run({"run", "-f", write_file("two.yaml", std::string(kManifest) + "---\n" + kManifest), "--", "true"}),
            125);
  EXPECT_THAT(err(), HasSubstr("one TestEnvironment is expected"));
  EXPECT_EQ(run({"run", "-f", write_file("bad.yaml", std::string(kManifest) + "  x: 1\n"), "--", "true"}), 125);
  EXPECT_THAT(err(), HasSubstr(":12:3: spec.x: unknown field"));
}

TEST_F(RunCommand, BindsTheEnvironmentToItsLease) {
  json spec;
  controller.start([&](const Object& object) {
    spec = object.spec();
    return ready_status(object);
  });
  ASSERT_EQ(run({"run", "-f", write_file("run.yaml", kManifest), "--", "true"}), 0) << err();
  EXPECT_EQ(spec["leaseDurationSeconds"], 60);
  EXPECT_EQ(spec["ttlSecondsAfterFinished"], 0);
  ASSERT_EQ(run({"run", "--lease", "5s", "-f",
                 write_file("run.yaml", std::string(kManifest) + "  ttlSecondsAfterFinished: 9\n"), "--", "true"}),
            0);
  EXPECT_EQ(spec["leaseDurationSeconds"], 5);
  EXPECT_EQ(spec["ttlSecondsAfterFinished"], 9);
}

TEST_F(RunCommand, KeepsAReadyEnvironmentWhoseCommandFailedWithoutItsLease) {
  controller.start(ready_status);
  const auto file = write_file("run.yaml", kManifest);
  EXPECT_EQ(run({"run", "-f", file, "--keep-on-failure", "--", "sh", "-c", "exit 3"}), 3);
  const auto kept = environments_left();
  ASSERT_EQ(kept.size(), 1u) << err();
  EXPECT_FALSE(kept.front()->deleting());
  EXPECT_FALSE(kept.front()->spec().contains("leaseDurationSeconds"));
  EXPECT_GE(kept.front()->spec().value("ttlSeconds", 0), 3600);
  EXPECT_LE(kept.front()->spec().value("ttlSeconds", 0), 3660);
  EXPECT_TRUE(registry.list(*scheme.find_name("leases"), "").items.empty());
  EXPECT_THAT(err(), HasSubstr(kept.front()->name() + " is kept until "));
  EXPECT_THAT(err(), HasSubstr("berthctl -n default delete " + kept.front()->name()));
}

TEST_F(RunCommand, KeepsTheTimeToLiveOfTheFile) {
  controller.start(ready_status);
  const auto file = write_file("run.yaml", std::string(kManifest) + "  ttlSeconds: 120\n");
  EXPECT_EQ(run({"run", "-f", file, "--keep-on-failure", "--", "false"}), 1);
  const auto kept = environments_left();
  ASSERT_EQ(kept.size(), 1u) << err();
  EXPECT_FALSE(kept.front()->spec().contains("leaseDurationSeconds"));
  EXPECT_EQ(kept.front()->spec()["ttlSeconds"], 120);
}

TEST_F(RunCommand, DoesNotStartAFailedEnvironmentAgainByKeepingIt) {
  controller.start(failed_status);
  const auto file = write_file("run.yaml", kManifest);
  EXPECT_EQ(run({"run", "-f", file, "--keep-on-failure", "--", "true"}), 125);
  const auto kept = environments_left();
  ASSERT_EQ(kept.size(), 1u) << err();
  EXPECT_EQ(kept.front()->generation(), 1);
  EXPECT_EQ(kept.front()->spec()["onFailure"], "Keep");
  EXPECT_TRUE(registry.list(*scheme.find_name("leases"), "").items.empty());
}

TEST_F(RunCommand, KeepsNothingWhenTheCommandWorked) {
  controller.start(ready_status);
  EXPECT_EQ(run({"run", "-f", write_file("run.yaml", kManifest), "--keep-on-failure", "--", "true"}), 0) << err();
  EXPECT_TRUE(environments_left().empty());
}

TEST_F(RunCommand, SaysSoWhenTheEnvironmentThatItShouldKeepIsGone) {
  controller.start(ready_status);
  const auto file = write_file("run.yaml", kManifest);
  TaskGroup somebody(io.get_executor(), "somebody");
  somebody.spawn("delete", delete_all_after(std::chrono::milliseconds(200)));
  EXPECT_EQ(run({"run", "-f", file, "--keep-on-failure", "--", "sh", "-c", "sleep 0.6; exit 3"}), 3);
  EXPECT_THAT(err(), HasSubstr("could not be kept"));
  fakes::run_task(io, somebody.stop());
}

TEST_F(RunCommand, PassesSignalsThatAskForNoEndOn) {
  controller.start(ready_status);
  const auto file = write_file("run.yaml", kManifest);
  const auto script =
      "trap 'exit 9' USR1; kill -USR1 $PPID; i=0; while [ $i -lt 300 ]; do sleep 0.05; i=$((i + 1)); done; exit 1";
  EXPECT_EQ(run({"run", "-f", file, "--", "sh", "-c", script}), 9);
}

TEST_F(RunCommand, InterruptedWhileDeletingItDoesNotClaimToHaveSeenTheEnd) {
  bool deleted = false;
  controller.start(ready_status);
  controller.may_go = [&] {
    if (!deleted) ::kill(::getpid(), SIGTERM);
    deleted = true;
    return false;
  };
  const auto file = write_file("run.yaml", kManifest);
  EXPECT_EQ(run({"run", "-f", file, "--", "true"}), 128 + 15);
  EXPECT_THAT(err(), HasSubstr("is being deleted; not waiting for the end"));
}

}  // namespace
}  // namespace berth::cli
