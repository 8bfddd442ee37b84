#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// postgres with a probe, redis, and api that wants postgres ready and redis started.
Scene shop() {
  Scene scene;
  scene.port("postgres", "sql", 5432, "DEV_POSTGRES_PORT", 30000);
  scene.service("postgres").readiness = scene.tcp_probe();
  scene.port("redis", "redis", 6379, "", 30001);
  scene.service("api").depends_on = {{"postgres", crd::DependencyCondition::Ready}, {"redis", crd::DependencyCondition::Started}};
  scene.network();
  return scene;
}

TEST(ServicePlan, AllContainersAreCreatedAtOnceBeforeAnyDependencyIsThere) {
  EXPECT_THAT(shop().steps(), ElementsAre("CreateContainer service/postgres: created", "CreateContainer service/redis: created",
                                          "CreateContainer service/api: created"));
}

TEST(ServicePlan, NothingIsCreatedWithoutANetworkThatIsSettled) {
  Scene scene = shop();
  scene.input.memory.busy.insert(kNetworkTarget);
  EXPECT_THAT(scene.steps(), IsEmpty());
  scene.input.memory.busy.clear();
  scene.input.actual.networks.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateNetwork network: created"));
}

TEST(ServicePlan, ACreateCarriesSpecNetworkAndPullPolicy) {
  Scene scene = shop();
  scene.service("redis").pull_policy = crd::PullPolicy::Never;
  const Action action = plan(scene.input).actions.at(1);
  EXPECT_EQ(action.service, "redis");
  EXPECT_EQ(action.network_id, "net1");
  EXPECT_EQ(action.pull, crd::PullPolicy::Never);
  ASSERT_TRUE(action.container);
  EXPECT_EQ(action.container->name, "shop-redis-0a1b2c3d");
}

struct Gate {
  const char* what;
  void (*arrange)(Scene&);
  bool starts;
};

TEST(ServicePlan, AServiceStartsWhenItsDependenciesAreInTheirConditions) {
  const Gate gates[] = {
      {"neither is there", [](Scene&) {}, false},
      {"postgres runs, not ready", [](Scene& s) { s.running("postgres"); s.running("redis"); }, false},
      {"postgres says not ready", [](Scene& s) { s.running("postgres"); s.running("redis"); s.probed("postgres", Verdict::NotReady); }, false},
      {"postgres ready, redis only created", [](Scene& s) { s.running("postgres"); s.created("redis"); s.probed("postgres", Verdict::Ready); }, false},
      {"both", [](Scene& s) { s.running("postgres"); s.running("redis"); s.probed("postgres", Verdict::Ready); }, true},
      {"the verdict is about an earlier start", [](Scene& s) {
         s.running("postgres"); s.running("redis"); s.probed("postgres", Verdict::Ready);
         s.input.memory.probed["postgres"].started_at -= 1s; }, false},
      {"postgres is about to be replaced", [](Scene& s) {
         s.running("postgres").labels[kSpecHashLabel] = "old"; s.running("redis"); s.probed("postgres", Verdict::Ready); }, false},
  };
  for (const Gate& gate : gates) {
    Scene scene = shop();
    scene.created("api");
    gate.arrange(scene);
    const auto steps = scene.steps();
    const bool starts = std::find(steps.begin(), steps.end(), "StartContainer service/api: created") != steps.end();
    EXPECT_EQ(starts, gate.starts) << gate.what;
  }
}

TEST(ServicePlan, CompletedIsReachedByAJobThatExitsWithZero) {
  Scene scene;
  scene.service("migrate").restart_policy = crd::RestartPolicy::Never;
  scene.service("api").depends_on = {{"migrate", crd::DependencyCondition::Completed}};
  scene.network();
  scene.created("api");
  scene.running("migrate");
  EXPECT_THAT(scene.steps(), IsEmpty());
  scene.input.actual.containers.pop_back();
  scene.exited("migrate", 0);
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/api: created"));
}

TEST(ServicePlan, FilesGoIntoAContainerThatNeverRan) {
  Scene scene;
  scene.service("a").files = {{"/etc/a.yaml", "x: 1\n", 0444, 5, 6}};
  scene.network();
  scene.created("a");
  const Action action = plan(scene.input).actions.at(0);
  ASSERT_EQ(action.files.size(), 1u);
  EXPECT_EQ(action.files[0].path, "/etc/a.yaml");
  EXPECT_EQ(action.files[0].mode, 0444u);
  EXPECT_EQ(action.files[0].gid, 6u);
}

TEST(ServicePlan, ARestartLeavesTheFilesAsTheServiceLeftThem) {
  Scene scene;
  scene.service("a").files = {{"/etc/a.yaml", "x: 1\n", 0444, 5, 6}};
  scene.network();
  scene.exited("a", 1);
  const Action action = plan(scene.input).actions.at(0);
  EXPECT_EQ(action.kind, ActionKind::StartContainer);
  EXPECT_TRUE(action.files.empty());
}

TEST(ServicePlan, ADependencyThatIsAboutToBeReplacedIsNotThere) {
  Scene scene = shop();
  scene.running("postgres");
  scene.probed("postgres", Verdict::Ready);
  scene.running("redis");
  scene.service("redis").image = "redis:2";
  scene.created("api");
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/redis: replaced"));
}

TEST(ServicePlan, AFailedFirstStartIsAStartAgainAndNoExit) {
  Scene scene;
  scene.service("a").restart_policy = crd::RestartPolicy::Never;
  scene.network();
  engine::Container& container = scene.created("a");
  container.exit_code = 128;
  container.error = "driver failed programming external connectivity";
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/a: created"));
}

TEST(ServicePlan, AReplacedContainerIsRemovedFirstAndCreatedWhenItIsGone) {
  Scene scene = shop();
  scene.running("postgres");
  scene.running("redis");
  scene.running("api");
  scene.probed("postgres", Verdict::Ready);
  scene.store();
  scene.service("redis").image = "redis:8";
  EXPECT_THAT(scene.steps(), UnorderedElementsAre("RemoveContainer service/redis: replaced", "RemoveContainer service/api: replaced"))
      << "api depends on redis";
  EXPECT_THAT(scene.first_reason(), HasSubstr("spec-hash changed: "));
  scene.input.actual.containers.pop_back();
  scene.input.actual.containers.pop_back();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateContainer service/redis: replaced", "CreateContainer service/api: replaced"));
}

TEST(ServicePlan, AContainerThatVanishedIsARepair) {
  Scene scene = shop();
  scene.running("postgres");
  scene.running("redis");
  scene.store();
  scene.input.actual.containers.pop_back();
  scene.store();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateContainer service/redis: repaired", "CreateContainer service/api: created"));
}

TEST(ServicePlan, GraceIsGivenOnlyToARunningContainerOfAServiceThatAsksForIt) {
  Scene scene;
  scene.service("a").termination_grace = 7s;
  scene.service("b");
  scene.service("c").termination_grace = 7s;
  scene.network();
  scene.running("a").labels[kSpecHashLabel] = "old";
  scene.running("b").labels[kSpecHashLabel] = "old";
  scene.created("c").labels[kSpecHashLabel] = "old";
  const auto actions = plan(scene.input).actions;
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(actions[0].grace, std::optional<base::Duration>(7s));
  EXPECT_EQ(actions[1].grace, std::nullopt);
  EXPECT_EQ(actions[2].grace, std::nullopt);
}

TEST(ServicePlan, WhatTheSpecDoesNotHaveGoesAsAnOrphan) {
  Scene scene;
  scene.service("a");
  scene.service("b");
  scene.network();
  scene.running("a");
  scene.running("b");
  scene.input.spec.services.pop_back();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer container/b-id: orphan"));
  EXPECT_EQ(scene.first_reason(), "service \"b\" is not in the spec");
  scene.input.memory.busy.insert(service_target("b"));
  EXPECT_THAT(scene.steps(), IsEmpty()) << "an operation on it is still under way";
}

TEST(ServicePlan, OfTwinsTheOneThatFitsAndRunsStays) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.created("a", "a1");
  scene.running("a").id = "a2";
  scene.created("a", "a3").labels[kSpecHashLabel] = "old";
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer container/a1: duplicate", "RemoveContainer container/a3: duplicate"));
}

TEST(ServicePlan, NothingStartsWhileATwinIsLeft) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.created("a", "a1");
  scene.created("a", "a2");
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer container/a2: duplicate"));
}

TEST(ServicePlan, ForeignContainersAreNotSeen) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.running("a").labels[kInstanceLabel] = "elsewhere";
  scene.running("a").labels[kUidLabel] = "another";
  scene.running("a").labels.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateContainer service/a: created"));
}

TEST(ServicePlan, LimitsChangeInPlaceButALiftedOneNeedsANewContainer) {
  Scene scene;
  scene.service("a").limits = {500'000'000, 64 << 20};
  scene.network();
  scene.running("a");
  scene.service("a").limits = {250'000'000, 64 << 20};
  EXPECT_THAT(scene.steps(), ElementsAre("UpdateContainer service/a: replaced"));
  EXPECT_EQ(scene.first_reason(), "limits changed: 500000000 nanocpus, 67108864 bytes, 1024 shares -> "
                                  "250000000 nanocpus, 67108864 bytes, 1024 shares");
  EXPECT_EQ(plan(scene.input).actions[0].nano_cpus, 250'000'000);
  scene.service("a").limits = {500'000'000, 0};
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: replaced"));
}

TEST(ServicePlan, ARequestChangesInPlace) {
  Scene scene;
  scene.service("a").requests = {250'000'000, 0};
  scene.network();
  scene.running("a").cpu_shares = 256;
  EXPECT_THAT(scene.steps(), IsEmpty());
  scene.service("a").requests = {2'000'000'000, 0};
  EXPECT_THAT(scene.steps(), ElementsAre("UpdateContainer service/a: replaced"));
  EXPECT_EQ(plan(scene.input).actions[0].cpu_shares, 2048);
  scene.service("a").requests = {};
  EXPECT_EQ(plan(scene.input).actions[0].cpu_shares, 1024) << "the engine's default";
  scene.input.actual.containers[0].cpu_shares = 1024;
  EXPECT_THAT(scene.steps(), IsEmpty());
}

struct Exit {
  crd::RestartPolicy policy;
  int code;
  Steps steps;
};

TEST(ServicePlan, AnExitedContainerIsRestartedAsItsPolicySays) {
  using crd::RestartPolicy;
  const Exit exits[] = {
      {RestartPolicy::Always, 0, {"StartContainer service/a: restarted"}},
      {RestartPolicy::Always, 1, {"StartContainer service/a: restarted"}},
      {RestartPolicy::OnFailure, 0, {}},
      {RestartPolicy::OnFailure, 137, {"StartContainer service/a: restarted"}},
      {RestartPolicy::Never, 0, {}},
      {RestartPolicy::Never, 1, {"CollectLogs logs/a: failed"}},
  };
  for (const Exit& exit : exits) {
    Scene scene;
    scene.service("a").restart_policy = exit.policy;
    scene.network();
    scene.exited("a", exit.code);
    EXPECT_EQ(scene.steps(), exit.steps) << static_cast<int>(exit.policy) << " " << exit.code;
  }
}

TEST(ServicePlan, RestartsBackOffAndALongRunForgivesThem) {
  const std::pair<int, int> delays[] = {{1, 0}, {2, 10}, {3, 20}, {4, 40}, {5, 80}, {6, 160}, {7, 300}, {8, 300}, {1000, 300}, {0, 0}};
  for (const auto& [restarts, delay] : delays) EXPECT_EQ(restart_delay(restarts), std::chrono::seconds(delay)) << restarts;

  Scene scene;
  scene.service("a");
  scene.network();
  scene.exited("a", 1, 5s, 9s);
  scene.input.status["services"] = {{{"name", "a"}, {"containerID", "a-id"}, {"startedAt", "2026-11-23T10:00:05.000000Z"},
                                     {"restartCount", 4}, {"backoffLevel", 2}}};
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 9 + 20);
  scene.input.now = scene.at(29s);
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/a: restarted"));

  scene.input.actual.containers.clear();
  scene.exited("a", 1, 5s, 605s);
  scene.input.now = scene.at(605s);
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/a: restarted"));
}

TEST(ServicePlan, WhatEndedWithTheEngineIsStartedAtOnceAndNotHeldAgainstIt) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.exited("a", 0, 5s, 9s);
  scene.input.status["services"] = {{{"name", "a"}, {"containerID", "a-id"}, {"startedAt", "2026-11-23T10:00:05.000000Z"},
                                     {"restartCount", 4}, {"backoffLevel", 2}}};
  scene.input.memory.engine_lost = scene.at(8s);
  scene.input.memory.engine_back = scene.at(10s);
  scene.input.now = scene.at(10s);
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/a: restarted"));
  auto& again = scene.input.actual.containers.front();
  again.state = engine::ContainerState::Running;
  again.started_at = scene.at(11s);
  const auto status = scene.status();
  EXPECT_EQ(status["services"][0]["restartCount"], 5);
  EXPECT_EQ(status["services"][0]["backoffLevel"], 2);
  // A crash of its own later.
  again.state = engine::ContainerState::Exited;
  again.finished_at = scene.at(12s);
  scene.input.now = scene.at(12s);
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(ServicePlan, ARestartWaitsForDependenciesAsAFirstStartDoes) {
  Scene scene = shop();
  scene.exited("postgres", 137);
  scene.running("redis");
  scene.exited("api", 1);
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/postgres: restarted"));
}

TEST(ServicePlan, PausedAndDeadContainersAreMadeAnew) {
  for (const auto state : {engine::ContainerState::Paused, engine::ContainerState::Dead}) {
    Scene scene;
    scene.service("a");
    scene.network();
    scene.running("a").state = state;
    EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: repaired"));
  }
}

// The engine knows the id of a network that a stopped container was connected to only from its next start on.
TEST(ServicePlan, AStoppedContainerIsConnectedByName) {
  Scene scene;
  scene.service("a");
  scene.network();
  auto& container = scene.exited("a", 1);
  container.attachments = {{scene.input.actual.networks.front().name, "", ""}};
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/a: restarted"));
  container.attachments = {{"another", "", ""}};
  EXPECT_THAT(scene.steps(), ElementsAre("ConnectContainer service/a: repaired"));
}

TEST(ServicePlan, AContainerThatTheEngineCannotStartIsMadeAnewAtTheThirdTime) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.exited("a", 137);
  auto& failure = scene.failed(service_target("a"), Reason::EngineError, "task already exists");
  failure.unstarted = "a-id";
  failure.attempts = 2;
  EXPECT_THAT(scene.steps(), IsEmpty());
  failure.attempts = 3;
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: repaired"));
  failure.reason = Reason::PortConflict;
  EXPECT_THAT(scene.steps(), testing::Not(Contains(testing::HasSubstr("Remove"))));
  failure.reason = Reason::EngineError;
  failure.unstarted = "the-one-before";
  EXPECT_THAT(scene.steps(), IsEmpty()) << "the new one waits for its turn";
}

// What the engine says of it then is not true: that it is on its network.
TEST(ServicePlan, ARunningContainerThatCouldNotBeConnectedIsMadeAnew) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.running("a");
  auto& failure = scene.failed(service_target("a"), Reason::PortConflict, "address already in use");
  EXPECT_THAT(scene.steps(), IsEmpty());
  failure.unconnected = "a-id";
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: repaired"));
  failure.reason = Reason::EngineUnavailable;
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(ServicePlan, AContainerThatIsBeingRemovedIsWaitedFor) {
  Scene scene;
  scene.service("a");
  scene.network();
  scene.running("a").state = engine::ContainerState::Removing;
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(ServicePlan, ABusyTargetIsLeftAlone) {
  Scene scene = shop();
  scene.input.memory.busy.insert(service_target("redis"));
  EXPECT_THAT(scene.steps(), ElementsAre("CreateContainer service/postgres: created", "CreateContainer service/api: created"));
}

TEST(ServicePlan, AFailedTargetWaitsForItsTime) {
  Scene scene = shop();
  scene.failed(service_target("redis"), Reason::ImagePullFailed).retry_at = scene.at(40s);
  EXPECT_THAT(scene.steps(), ElementsAre("CreateContainer service/postgres: created", "CreateContainer service/api: created"));
  EXPECT_EQ(scene.wakes(), 40);
  scene.input.now = scene.at(40s);
  EXPECT_EQ(scene.steps().size(), 3u);
}

TEST(ServicePlan, ANewSpecDoesNotWaitForThePullOfTheOldImage) {
  Scene scene = shop();
  scene.failed(service_target("redis"), Reason::ImageNotFound).retry_at = scene.at(400s);
  scene.input.generation = 2;
  EXPECT_EQ(scene.steps().size(), 3u);
}

TEST(ServicePlan, OtherServicesGoOnWhileOneWaitsForItsPort) {
  Scene scene = shop();
  scene.running("postgres");
  scene.port("redis", "admin", 9000, "ADMIN_PORT");  // no lease yet
  scene.service("api").env = {{"ADMIN", "$(ADMIN_PORT)"}};
  EXPECT_THAT(scene.steps(), ElementsAre("Allocate environment: created"));
  scene.exited("redis", 1);
  EXPECT_THAT(scene.steps(), ElementsAre("Allocate environment: created", "StartContainer service/redis: restarted"))
      << "what is there is kept alive, not replaced";
}

TEST(ServicePlan, ADependentIsMadeOnceThePortsOfItsDependencyAreKnown) {
  Scene scene = shop();
  scene.running("postgres");
  scene.port("redis", "admin", 9000);  // no lease yet
  EXPECT_THAT(scene.steps(), ElementsAre("Allocate environment: created")) << "its hash covers that of redis";
}

TEST(Probes, GoToThePublishedTcpPort) {
  Scene scene;
  scene.port("dns", "tcp", 53, "", 30000);
  scene.port("dns", "udp", 53).protocol = crd::Protocol::Udp;
  scene.lease("dns", scene.service("dns").ports.back(), 30001);
  scene.service("dns").readiness = scene.tcp_probe(53);
  scene.network();
  scene.running("dns");
  EXPECT_EQ(plan(scene.input).probes.at(0).published.at(53).host_port, 30000);
}

// --- what the policy of berthd does not allow ---

Scene privileged_redis() {
  Scene scene;
  scene.service("redis").settings.security.privileged = true;
  scene.service("api");
  scene.network();
  return scene;
}

TEST(Policy, WhatIsNotAllowedIsNotMade) {
  Scene scene = privileged_redis();
  EXPECT_EQ(scene.steps(), (Steps{"CreateContainer service/api: created"}));
  const crd::json service = scene.status()["services"][0];
  EXPECT_EQ(service["reason"], "Forbidden");
  EXPECT_EQ(service["message"], "securityContext.privileged is only allowed where berthd runs with --allow-privileged");
  const crd::json status = scene.status();
  EXPECT_EQ(status["reason"], "Forbidden");
  EXPECT_EQ(status["message"], "redis: securityContext.privileged is only allowed where berthd runs with --allow-privileged");
  scene.input.policy.privileged = true;
  EXPECT_EQ(scene.steps(), (Steps{"CreateContainer service/redis: created", "CreateContainer service/api: created"}));
}

TEST(Policy, WhatIsNoLongerAllowedIsNotStartedAgain) {
  Scene scene = privileged_redis();
  scene.running("api");
  scene.exited("redis", 1);
  EXPECT_EQ(scene.steps(), Steps{});
  EXPECT_EQ(scene.status()["services"][0]["reason"], "Forbidden");
  scene.input.policy.privileged = true;
  EXPECT_EQ(scene.steps(), (Steps{"StartContainer service/redis: restarted"}));
}

TEST(Policy, WhatFailedSaysHowItFailed) {
  Scene scene = privileged_redis();
  scene.service("redis").restart_policy = crd::RestartPolicy::Never;
  scene.running("api");
  scene.exited("redis", 3);
  EXPECT_EQ(scene.status()["services"][0]["message"], "exited with code 3");
}

TEST(Policy, WhatRunsIsLeftAlone) {
  Scene scene = privileged_redis();
  scene.running("api");
  scene.running("redis");
  EXPECT_EQ(scene.steps(), Steps{});
  EXPECT_EQ(scene.status()["phase"], "Ready");
}

TEST(Policy, DevicesAndGpusAreLookedAtToo) {
  Scene scene = privileged_redis();
  crd::ContainerSettings& settings = scene.service("redis").settings;
  settings.security.privileged = false;
  settings.devices = {{"/dev/kvm", "/dev/kvm", "rwm"}};
  EXPECT_EQ(scene.status()["services"][0]["reason"], "Forbidden");
  scene.input.policy.devices = {"/dev/kvm"};
  EXPECT_NE(scene.status()["services"][0]["reason"], "Forbidden");
  settings.gpus = 1;
  EXPECT_EQ(scene.status()["services"][0]["reason"], "Forbidden");
}

TEST(Probes, CoverEveryRunningContainerWithAProbe) {
  Scene scene = shop();
  scene.service("redis").readiness = crd::Probe{.action = crd::ImageAction{}};
  scene.running("postgres");
  scene.created("redis");
  scene.running("api");
  const auto probes = plan(scene.input).probes;
  ASSERT_EQ(probes.size(), 1u);
  EXPECT_EQ(probes[0].service, "postgres");
  EXPECT_EQ(probes[0].container_id, "postgres-id");
  EXPECT_EQ(probes[0].started_at, scene.at(5s));
  EXPECT_EQ(probes[0].ip_address, "10.213.0.2");
  EXPECT_EQ(probes[0].published.at(5432).host_port, 30000);
}

TEST(Probes, ThereAreNoneForAnEnvironmentThatGoes) {
  Scene scene = shop();
  scene.running("postgres");
  scene.input.deleting = true;
  EXPECT_TRUE(plan(scene.input).probes.empty());
}

}  // namespace
}  // namespace berth::plan
