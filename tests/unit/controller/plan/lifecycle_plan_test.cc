#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Two services that run; created at 0 s, scheduled at 1 s, now 10 s.
Scene pair() {
  Scene scene;
  scene.port("a", "x", 1, "", 30000);
  scene.service("b").readiness = scene.tcp_probe();
  scene.network();
  scene.running("a");
  scene.running("b");
  return scene;
}

Scene finished(const std::string& phase) {
  Scene scene = pair();
  scene.input.status["phase"] = phase;
  scene.input.status["observedGeneration"] = 1;
  scene.input.status["finishedTime"] = "2026-11-23T10:00:08Z";
  return scene;
}

std::optional<Finish> finish_of(const Scene& scene) { return plan(scene.input).finish; }

// ---- deletion

TEST(Deletion, GoesFromContainersToNetworkToFinalize) {
  Scene scene = pair();
  scene.input.deleting = true;
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: deleted", "RemoveContainer service/b: deleted"));
  scene.input.actual.containers.pop_back();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: deleted")) << "the network waits";
  scene.input.actual.containers.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: deleted"));
  scene.input.actual.networks.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("Finalize environment: deleted"));
}

TEST(Deletion, WaitsForOperationsUnderWayBeforeItFinalizes) {
  Scene scene = pair();
  scene.input.deleting = true;
  scene.input.actual = {};
  scene.input.memory.busy.insert(service_target("a"));
  EXPECT_THAT(scene.steps(), IsEmpty()) << "a create may still make a container";
  scene.network();
  EXPECT_THAT(scene.steps(), IsEmpty());
  scene.input.memory.busy.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: deleted"));
}

TEST(Deletion, OfAnEndedEnvironmentTakesTheFinalizerOff) {
  for (const char* phase : {"Failed", "Expired"}) {
    Scene scene = finished(phase);
    scene.input.deleting = true;
    EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: deleted", "RemoveContainer service/b: deleted"));
    scene.input.actual = {};
    scene.input.leases = {};
    EXPECT_THAT(scene.steps(), ElementsAre("Finalize environment: deleted"));
  }
}

TEST(Deletion, TakesTwinsAndWhatTheSpecNoLongerHas) {
  Scene scene = pair();
  scene.created("a", "twin");
  scene.network("net2");
  scene.input.spec.services.pop_back();
  scene.input.deleting = true;
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: deleted", "RemoveContainer container/b-id: deleted",
                                         "RemoveContainer container/twin: deleted"));
  scene.input.actual.containers.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: deleted")) << "one after the other";
}

TEST(Deletion, LeavesForeignObjectsAlone) {
  Scene scene = pair();
  scene.input.deleting = true;
  for (auto& container : scene.input.actual.containers) container.labels[kUidLabel] = "another";
  for (auto& network : scene.input.actual.networks) network.labels.erase(kInstanceLabel);
  EXPECT_THAT(scene.steps(), ElementsAre("Finalize environment: deleted"));
}

TEST(Deletion, AStuckRemovalBacksOffAndTheOthersGoOn) {
  Scene scene = pair();
  scene.input.deleting = true;
  auto& failure = scene.failed(service_target("a"), Reason::EngineError);
  failure.retry_at = scene.at(30s);
  failure.removing = true;
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/b: deleted"));
  EXPECT_EQ(scene.wakes(), 30);
}

TEST(Deletion, DoesNotWaitForTheStartThatFailed) {
  Scene scene = pair();
  scene.input.deleting = true;
  scene.failed(service_target("a"), Reason::DiskPressure).retry_at = scene.at(300s);
  EXPECT_EQ(scene.steps().size(), 2u);
}

TEST(Deletion, DoesNotWaitForTheSubnetThatWasNotToBeHad) {
  Scene scene;
  scene.service("a");
  scene.input.leases = {};
  scene.input.deleting = true;
  scene.failed(kEnvironmentTarget, Reason::SubnetExhausted).retry_at = scene.at(30s);
  EXPECT_THAT(scene.steps(), ElementsAre("Finalize environment: deleted"));
}

TEST(Deletion, DoesNotWaitForThePullThatFailed) {
  Scene scene = pair();
  scene.input.deleting = true;
  scene.failed(service_target("a"), Reason::ImagePullFailed).retry_at = scene.at(300s);
  EXPECT_EQ(scene.steps().size(), 2u);
}

// ---- expiry

TEST(Expiry, ALeaseThatNobodyCouldRenewHasItsWholeTimeAgain) {
  Scene scene = pair();
  scene.input.spec.lease_duration = 30s;
  scene.input.memory.lease_renewed = scene.at(5s);
  scene.input.memory.watching_since = scene.at(100s);
  scene.input.now = scene.at(101s);
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 130);
  scene.input.now = scene.at(130s);
  EXPECT_THAT(scene.steps(), ElementsAre("Finish environment: expired"));
}

TEST(Expiry, TtlEndsTheEnvironmentSinceCreation) {
  Scene scene = pair();
  scene.input.spec.ttl = 30s;
  EXPECT_EQ(scene.wakes(), 30);
  EXPECT_THAT(scene.steps(), IsEmpty());
  scene.input.now = scene.at(30s);
  EXPECT_THAT(scene.steps(), ElementsAre("Finish environment: expired"));
  const auto finish = finish_of(scene);
  ASSERT_TRUE(finish);
  EXPECT_EQ(finish->phase, "Expired");
  EXPECT_EQ(finish->reason, Reason::TtlExpired);
  EXPECT_EQ(finish->message, "ttlSeconds: 30s since 2026-11-23T10:00:00Z");
}

TEST(Expiry, ALeaseCountsFromCreationUntilItIsRenewed) {
  Scene scene = pair();
  scene.input.spec.lease_duration = 15s;
  EXPECT_EQ(scene.wakes(), 15);
  scene.input.memory.lease_renewed = scene.at(8s);
  EXPECT_EQ(scene.wakes(), 23);
  scene.input.now = scene.at(23s);
  ASSERT_TRUE(finish_of(scene));
  EXPECT_EQ(finish_of(scene)->reason, Reason::LeaseExpired);
  scene.input.memory.lease_renewed = scene.at(22s);
  EXPECT_FALSE(finish_of(scene));
}

TEST(Expiry, ComesBeforeLeasesAreEvenThere) {
  Scene scene;
  scene.input.leases = {};
  scene.service("a");
  scene.input.spec.ttl = 5s;
  EXPECT_THAT(scene.steps(), ElementsAre("Finish environment: expired"));
}

// ---- failure

TEST(Failing, TheDeadlineCountsFromScheduledAndOnlyUntilTheFirstReady) {
  Scene scene = pair();
  scene.input.spec.ready_deadline = 20s;
  EXPECT_EQ(scene.wakes(), 21);
  scene.input.now = scene.at(21s);
  EXPECT_THAT(scene.steps(), ElementsAre("CollectLogs logs/b: failed"));
  scene.input.status["readyTime"] = "2026-11-23T10:00:05Z";
  EXPECT_THAT(scene.steps(), IsEmpty()) << "it was Ready once";
  scene.input.status.erase("readyTime");
  scene.input.status.erase("scheduledTime");
  EXPECT_THAT(scene.steps(), IsEmpty()) << "it is still in the queue";
}

TEST(Failing, AChangedSpecGetsTheWholeDeadline) {
  Scene scene = pair();
  scene.input.spec.ready_deadline = 20s;
  scene.input.now = scene.at(18s);
  scene.input.generation = 2;
  scene.store();
  EXPECT_EQ(scene.wakes(), 38);
  scene.input.now = scene.at(21s);
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(Failing, ADeadlineThatComesWithReadinessIsKept) {
  Scene scene = pair();
  scene.input.spec.ready_deadline = 20s;
  scene.input.now = scene.at(21s);
  scene.probed("b", Verdict::Ready);
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(Failing, TheMessageNamesServicesReasonsAndLastLines) {
  Scene scene = pair();
  scene.service("c");
  scene.input.spec.ready_deadline = 5s;
  scene.probed("b", Verdict::NotReady, "connection refused");
  scene.failed(service_target("c"), Reason::ImagePullFailed, "manifest for c:1 not found");
  scene.input.memory.last_logs["b"] = "1\n2\n3\n4\n5\nFATAL: no data directory\n";
  const auto finish = finish_of(scene);
  ASSERT_TRUE(finish);
  EXPECT_EQ(finish->phase, "Failed");
  EXPECT_EQ(finish->reason, Reason::DeadlineExceeded);
  EXPECT_EQ(finish->message,
            "not ready within 5s\n"
            "b: readiness probe failed: connection refused; its last lines:\n2\n3\n4\n5\nFATAL: no data directory\n"
            "c: manifest for c:1 not found");
}

TEST(Failing, LogsThatCannotBeHadAreNotWaitedFor) {
  Scene scene = pair();
  scene.input.spec.ready_deadline = 5s;
  scene.input.memory.busy.insert(logs_target("b"));
  EXPECT_THAT(scene.steps(), IsEmpty()) << "they are on their way";
  scene.input.memory.busy.clear();
  scene.failed(logs_target("b"), Reason::EngineError);
  EXPECT_THAT(scene.steps(), ElementsAre("Finish environment: failed"));
  scene.input.memory.failures.clear();
  scene.input.memory.last_logs["b"] = "";
  EXPECT_THAT(scene.steps(), ElementsAre("Finish environment: failed"));
  EXPECT_THAT(finish_of(scene)->message, testing::Not(HasSubstr("last lines")));
}

TEST(Failing, WhatTheEngineRefusesForGoodEndsItAtOnce) {
  for (const Reason reason : {Reason::InvalidSpec, Reason::CommandNotFound}) {
    Scene scene = pair();
    scene.created("b").labels.clear();
    scene.failed(service_target("a"), reason, "no such executable: serve");
    scene.input.memory.last_logs["a"] = "";
    const auto finish = finish_of(scene);
    ASSERT_TRUE(finish);
    EXPECT_EQ(finish->reason, reason);
    EXPECT_EQ(finish->message, "a: no such executable: serve");
    scene.input.generation = 2;
    EXPECT_FALSE(finish_of(scene)) << "the spec has changed since";
  }
}

TEST(Failing, OtherFailuresAreRetriedForEver) {
  for (const Reason reason : {Reason::ImageNotFound, Reason::ImagePullFailed, Reason::PullRateLimited, Reason::EngineUnavailable,
                              Reason::NameConflict, Reason::DiskPressure, Reason::EngineError}) {
    Scene scene = pair();
    scene.input.actual.containers.clear();
    scene.failed(service_target("a"), reason).attempts = 50;
    EXPECT_FALSE(finish_of(scene)) << to_string(reason);
  }
}

TEST(Failing, AJobThatFailsEndsItWhetherItWasReadyOrNot) {
  Scene scene;
  scene.service("job").restart_policy = crd::RestartPolicy::Never;
  scene.network();
  scene.exited("job", 3);
  EXPECT_THAT(scene.steps(), ElementsAre("CollectLogs logs/job: failed"));
  scene.input.memory.last_logs["job"] = "boom\n";
  ASSERT_TRUE(finish_of(scene));
  EXPECT_EQ(finish_of(scene)->reason, Reason::ContainerExited);
  EXPECT_EQ(finish_of(scene)->message, "job exited with code 3; its last lines:\nboom");
  scene.input.actual.containers[0].oom_killed = true;
  scene.input.actual.containers[0].exit_code = 137;
  EXPECT_EQ(finish_of(scene)->reason, Reason::OOMKilled);
  EXPECT_THAT(finish_of(scene)->message, StartsWith("job was killed because it ran out of memory (exit code 137)"));

  scene.input.status["readyTime"] = "2026-11-23T10:00:05Z";
  EXPECT_TRUE(finish_of(scene));
  EXPECT_EQ(scene.status()["phase"], "Failed");
}

TEST(Failing, AJobOfTheSpecBeforeEndsNothing) {
  Scene scene;
  scene.service("job").restart_policy = crd::RestartPolicy::Never;
  scene.network();
  scene.exited("job", 3);
  scene.service("job").image = "job:2";
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/job: replaced"));
  EXPECT_FALSE(finish_of(scene));
}

TEST(Failing, NothingElseHappensWhileItEnds) {
  Scene scene = pair();
  scene.input.spec.ready_deadline = 5s;
  scene.exited("a", 1);
  scene.input.memory.busy.insert(kEnvironmentTarget);
  scene.input.memory.last_logs["a"] = scene.input.memory.last_logs["b"] = "";
  EXPECT_THAT(scene.steps(), IsEmpty());
}

// ---- after the end

TEST(Finished, IsClearedFromTheEngineAndThenGivesItsLeasesBack) {
  for (const auto& [phase, cause] : {std::pair{"Failed", "failed"}, {"Expired", "expired"}}) {
    Scene scene = finished(phase);
    const std::string suffix = std::string(": ") + cause;
    EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a" + suffix, "RemoveContainer service/b" + suffix));
    scene.input.actual.containers.clear();
    EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network" + suffix));
    scene.input.actual.networks.clear();
    EXPECT_THAT(scene.steps(), ElementsAre("Allocate environment" + suffix));
    scene.input.leases = {};
    EXPECT_THAT(scene.steps(), IsEmpty());
  }
}

TEST(Finished, AFailedOneIsKeptForDebuggingUntilItsTtl) {
  Scene scene = finished("Failed");
  scene.input.spec.on_failure = crd::OnFailure::Keep;
  scene.input.spec.ttl = 60s;
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 60);
  scene.input.now = scene.at(60s);
  EXPECT_EQ(scene.steps().size(), 2u);
  EXPECT_EQ(scene.status()["phase"], "Failed") << "it does not expire on top";
}

TEST(Finished, AFailedOneWithoutATtlIsKeptUntilItIsDeleted) {
  Scene scene = finished("Failed");
  scene.input.spec.on_failure = crd::OnFailure::Keep;
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), -1);
}

TEST(Finished, AnExpiredOneIsNeverKept) {
  Scene scene = finished("Expired");
  scene.input.spec.on_failure = crd::OnFailure::Keep;
  EXPECT_EQ(scene.steps().size(), 2u);
}

TEST(Finished, TheObjectGoesWhenItsTimeIsOver) {
  Scene scene = finished("Failed");
  scene.input.actual = {};
  scene.input.leases = {};
  scene.input.spec.ttl_after_finished = 100s;
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 108);
  scene.input.now = scene.at(108s);
  EXPECT_THAT(scene.steps(), ElementsAre("DeleteObject environment: failed"));
  scene.input.spec.ttl_after_finished.reset();
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(Finished, AFailedOneStartsAnewWithAChangedSpecAndAnExpiredOneNever) {
  Scene failed = finished("Failed");
  failed.input.generation = 2;
  EXPECT_THAT(failed.steps(), IsEmpty()) << "its containers fit and run";
  const auto status = failed.status();
  EXPECT_EQ(status["phase"], "Provisioning");
  EXPECT_EQ(status["observedGeneration"], 2);
  EXPECT_EQ(status["scheduledTime"], "2026-11-23T10:00:10.000000Z") << "the deadline counts from now";
  EXPECT_FALSE(status.contains("finishedTime"));

  Scene expired = finished("Expired");
  expired.input.generation = 2;
  EXPECT_EQ(expired.steps().size(), 2u);
  EXPECT_EQ(expired.status()["phase"], "Expired");
}

TEST(Finished, AJobThatFailedBeforeTheNewStartRunsAgain) {
  Scene scene;
  scene.service("job").restart_policy = crd::RestartPolicy::Never;
  scene.network();
  scene.exited("job", 3, 5s, 6s);
  scene.input.status["scheduledTime"] = "2026-11-23T10:00:08Z";
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/job: repaired"));
  EXPECT_EQ(scene.first_reason(), "exited with code 3 before the environment was started anew");
}

}  // namespace
}  // namespace berth::plan
