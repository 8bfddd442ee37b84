#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "crd/condition.h"
#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::HasSubstr;

Scene shop() {
  Scene scene;
  scene.port("postgres", "sql", 5432, "DEV_POSTGRES_PORT", 30000);
  scene.service("postgres").readiness = scene.tcp_probe();
  scene.port("redis", "", 6379, "DEV_REDIS_PORT", 30001);
  scene.service("migrate").restart_policy = crd::RestartPolicy::Never;
  scene.service("api").depends_on = {{"postgres", crd::DependencyCondition::Ready}, {"migrate", crd::DependencyCondition::Completed}};
  scene.input.spec.ttl = 1800s;
  scene.network();
  scene.running("postgres");
  scene.running("redis");
  return scene;
}

Scene ready_shop() {
  Scene scene = shop();
  scene.exited("migrate", 0);
  scene.running("api");
  scene.probed("postgres", Verdict::Ready);
  return scene;
}

json service_of(const json& status, const std::string& name) {
  for (const json& service : status["services"]) {
    if (service["name"] == name) return service;
  }
  return {};
}

json condition_of(const json& status, const std::string& type) {
  for (const json& condition : status["conditions"]) {
    if (condition["type"] == type) return condition;
  }
  return {};
}

// tests/data/plan holds what is right; BERTH_UPDATE_GOLDEN=1 writes it anew, to be read before it is committed.
void expect_golden(const json& status, const std::string& name) {
  const std::string path = std::string(BERTH_SOURCE_DIR) + "/tests/data/plan/" + name;
  const std::string text = crd::dump(status, 2) + "\n";
  if (std::getenv("BERTH_UPDATE_GOLDEN")) std::ofstream(path) << text;
  std::ifstream file(path);
  const std::string right((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, right);
}

TEST(Status, OfAReadyEnvironment) { expect_golden(ready_shop().status(), "status_ready.json"); }

TEST(Status, OfOneThatIsOnItsWay) {
  Scene scene = shop();
  scene.created("api");
  scene.probed("postgres", Verdict::NotReady, "connection refused");
  scene.failed(service_target("migrate"), Reason::ImagePullFailed, "manifest for migrate:1 not found");
  expect_golden(scene.status(), "status_provisioning.json");
}

struct Phase {
  const char* what;
  void (*arrange)(Scene&);
  const char* phase;
};

TEST(Status, PhaseIsTheMoment) {
  const Phase phases[] = {
      {"nothing is leased yet", [](Scene& s) { s.input.leases = {}; s.input.status = json::object(); }, "Pending"},
      {"leased", [](Scene& s) { s.input.actual = {}; }, "Provisioning"},
      {"all ready", [](Scene&) {}, "Ready"},
      {"not ready any more", [](Scene& s) { s.store(); s.input.actual.containers.pop_back(); }, "Degraded"},
      {"a port is missing after it was scheduled", [](Scene& s) { s.input.leases.ports.pop_back(); }, "Provisioning"},
      {"the network is gone", [](Scene& s) { s.store(); s.input.actual.networks.clear(); }, "Degraded"},
      {"deleting", [](Scene& s) { s.input.deleting = true; }, "Terminating"},
      {"expires", [](Scene& s) { s.input.now = s.at(1800s); }, "Expired"},
      {"has expired", [](Scene& s) { s.input.status["phase"] = "Expired"; }, "Expired"},
      {"has failed", [](Scene& s) { s.input.status["phase"] = "Failed"; s.input.status["observedGeneration"] = 1; }, "Failed"},
      {"has failed and is deleted", [](Scene& s) { s.input.status["phase"] = "Failed"; s.input.deleting = true; }, "Terminating"},
  };
  for (const Phase& phase : phases) {
    Scene scene = ready_shop();
    phase.arrange(scene);
    EXPECT_EQ(scene.status()["phase"], phase.phase) << phase.what;
  }
}

TEST(Status, TheSameInputGivesTheSameBytesAndTheStoredOneIsItsOwnSuccessor) {
  Scene scene = ready_shop();
  EXPECT_EQ(crd::dump(scene.status()), crd::dump(scene.status()));
  scene.store();
  const json stored = json::parse(crd::dump(scene.input.status));
  scene.input.status = stored;
  scene.input.now += 3600s;
  scene.input.spec.ttl.reset();
  json later = scene.status();
  later["expirationTime"] = stored["expirationTime"];
  EXPECT_EQ(later, stored) << "time alone changes nothing";
}

TEST(Status, LeasesAreReadBackAsTheyWere) {
  Scene scene = ready_shop();
  scene.input.leases.ports.push_back({"postgres", "postgres.9187/udp", "0.0.0.0", crd::Protocol::Udp, 30005, 9187});
  scene.input.leases.ports.push_back({"postgres", "postgres.9188/sctp", "127.0.0.1", crd::Protocol::Sctp, 30005, 9188});
  scene.input.leases.ports.push_back({"gone", "gone.old", "127.0.0.2", crd::Protocol::Tcp, 30006, 80});
  const Leases read = leases_of(scene.status());
  EXPECT_EQ(read.subnet, scene.input.leases.subnet);
  EXPECT_THAT(read.ports, testing::UnorderedElementsAreArray(scene.input.leases.ports));
}

TEST(Status, OddStoredStatusIsReadAsIfItWereNotThere) {
  for (const char* odd : {"null", "[]", "3", R"({"phase":7,"services":{},"network":[],"scheduledTime":"soon"})",
                          R"({"services":[1,null,{"name":3},{"name":"a","ports":[{"hostPort":"x"}],"restartCount":"many"}]})",
                          R"({"conditions":{"type":"Ready"}})"}) {
    Scene scene = ready_shop();
    scene.input.status = json::parse(odd);
    EXPECT_EQ(leases_of(scene.input.status), Leases{}) << odd;
    EXPECT_EQ(scene.status()["phase"], "Ready") << odd;
  }
}

TEST(Status, AnEndpointOfAnotherFormIsKeptAsItIs) {
  Scene scene = ready_shop();
  for (const char* endpoint : {"x", "postgres", "postgres.", "redis.sql"}) {
    scene.input.leases.ports = {{"postgres", endpoint, "127.0.0.1", crd::Protocol::Tcp, 30000, 5432}};
    EXPECT_EQ(leases_of(scene.status()), scene.input.leases) << endpoint;
  }
}

TEST(Status, ReadyTimeIsTheFirstAndScheduledTimeStays) {
  Scene scene = ready_shop();
  scene.store();
  EXPECT_EQ(scene.input.status["readyTime"], "2026-11-23T10:00:10.000000Z");
  scene.input.now = scene.at(60s);
  scene.probed("postgres", Verdict::NotReady);
  scene.store();
  EXPECT_EQ(scene.input.status["phase"], "Degraded");
  EXPECT_EQ(condition_of(scene.input.status, "Ready")["lastTransitionTime"], "2026-11-23T10:01:00Z");
  scene.input.now = scene.at(70s);
  scene.probed("postgres", Verdict::Ready);
  scene.store();
  EXPECT_EQ(scene.input.status["phase"], "Ready");
  EXPECT_EQ(scene.input.status["readyTime"], "2026-11-23T10:00:10.000000Z");
  EXPECT_EQ(scene.input.status["scheduledTime"], "2026-11-23T10:00:01.000000Z");
}

TEST(Status, ARestartOfBerthDoesNotMakeAReadyServiceUnready) {
  Scene scene = ready_shop();
  scene.store();
  scene.input.memory = {};
  EXPECT_EQ(scene.status(), scene.input.status);
  scene.input.actual.containers[0].started_at += 1s;
  EXPECT_EQ(scene.status()["phase"], "Degraded") << "that start was never probed";
}

TEST(Status, EachStartIsCountedOnce) {
  Scene scene = ready_shop();
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["restartCount"], 0);
  engine::Container& redis = scene.input.actual.containers[1];
  redis.finished_at = scene.at(20s);
  redis.started_at = scene.at(21s);
  scene.store();
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["restartCount"], 1);
  EXPECT_EQ(service_of(scene.input.status, "redis")["backoffLevel"], 1);
  redis.finished_at = scene.at(30s);
  redis.started_at = scene.at(31s);
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["backoffLevel"], 2);
  redis.finished_at = scene.at(31s + 10min);
  redis.started_at = scene.at(32s + 10min);
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["restartCount"], 3);
  EXPECT_EQ(service_of(scene.input.status, "redis")["backoffLevel"], 1) << "a long run starts over";
  redis.id = "another";
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["restartCount"], 0) << "another container";
}

TEST(Status, AStartIsTheSameThoughTheStatusHasOnlyMicrosecondsOfIt) {
  Scene scene = ready_shop();
  scene.input.actual.containers[1].started_at += std::chrono::nanoseconds(123);
  scene.store();
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["restartCount"], 0);
}

struct Why {
  const char* what;
  void (*arrange)(Scene&);
  const char* reason;
  const char* message;
};

TEST(Status, SaysWhyAServiceIsNotReady) {
  const Why cases[] = {
      {"no network", [](Scene& s) { s.input.actual = {}; }, "", "waits for the network"},
      {"being made", [](Scene& s) { s.input.actual.containers.clear(); }, "", "its container is being created"},
      {"dependency", [](Scene& s) { s.created("api"); }, "", "waits until postgres is ready"},
      {"job goes on", [](Scene& s) { s.created("api"); s.probed("postgres", Verdict::Ready); }, "", "waits until migrate is completed"},
      {"dependency failed",
       [](Scene& s) { s.probed("postgres", Verdict::Ready); s.exited("migrate", 3); s.created("api"); s.input.status["readyTime"] = "2026-11-23T10:00:05Z"; },
       "DependencyFailed", "migrate exited with code 3 and will never be completed"},
      {"failed pull", [](Scene& s) { s.failed(service_target("api"), Reason::PullRateLimited, "toomanyrequests"); }, "PullRateLimited", "toomanyrequests"},
      {"probe", [](Scene& s) { s.service("api").readiness = s.tcp_probe(); s.running("api"); }, "", "has not answered its readiness probe yet"},
      {"probe says not yet", [](Scene& s) { s.service("api").readiness = s.tcp_probe(); s.running("api"); s.probed("api", Verdict::Unknown, "refused"); },
       "", "has not answered its readiness probe yet: refused"},
      {"probe says no", [](Scene& s) { s.service("api").readiness = s.tcp_probe(); s.running("api"); s.probed("api", Verdict::NotReady, "refused"); },
       "ProbeFailed", "readiness probe failed: refused"},
      {"image says no", [](Scene& s) { s.service("api").readiness = crd::Probe{.action = crd::ImageAction{}}; s.running("api").health = "unhealthy"; },
       "ProbeFailed", "readiness probe failed: the image's HEALTHCHECK says unhealthy"},
      {"crashed", [](Scene& s) { s.exited("api", 2); }, "ContainerExited", "exited with code 2"},
      {"out of memory", [](Scene& s) { s.exited("api", 137).oom_killed = true; }, "OOMKilled", "was killed because it ran out of memory (exit code 137)"},
      {"replaced", [](Scene& s) { s.running("api").labels[kSpecHashLabel] = "old"; }, "", "is replaced because its spec changed"},
      {"disconnected", [](Scene& s) { s.running("api").attachments.clear(); }, "", "is not connected to its network"},
      {"paused", [](Scene& s) { s.running("api").state = engine::ContainerState::Paused; }, "", "is paused"},
  };
  for (const Why& test : cases) {
    Scene scene = shop();
    test.arrange(scene);
    const json api = service_of(scene.status(), "api");
    EXPECT_EQ(api["ready"], false) << test.what;
    EXPECT_EQ(api.value("reason", ""), test.reason) << test.what;
    EXPECT_EQ(api.value("message", ""), test.message) << test.what;
  }
}

TEST(Status, AnUnhealthyImageIsHealthyAgainWhenTheEngineSaysSo) {
  Scene scene = ready_shop();
  scene.input.actual.containers.pop_back();
  scene.service("api").readiness = crd::Probe{.action = crd::ImageAction{}};
  engine::Container& api = scene.running("api");
  for (const auto& [health, ready] : {std::pair{"starting", false}, {"unhealthy", false}, {"healthy", true}}) {
    api.health = health;
    EXPECT_EQ(service_of(scene.status(), "api")["ready"], ready) << health;
  }
}

TEST(Status, ACrashLoopShowsWhenItGoesOn) {
  Scene scene = shop();
  scene.exited("api", 1);
  scene.input.status["services"] = {{{"name", "api"}, {"containerID", "api-id"}, {"startedAt", "2026-11-23T10:00:05.000000Z"},
                                     {"restartCount", 4}, {"backoffLevel", 2}}};
  const json api = service_of(scene.status(), "api");
  EXPECT_EQ(api["state"], "Restarting");
  EXPECT_EQ(api["message"], "exited with code 1, restarted 4 times, again at 2026-11-23T10:00:29Z");
  EXPECT_EQ(api["exitCode"], 1);
}

TEST(Status, OfAnEndedEnvironmentWhatIsGoneIsRemoved) {
  Scene scene = ready_shop();
  scene.input.status = scene.status();
  scene.input.status["phase"] = "Expired";
  scene.input.status["services"][0]["state"] = "Completed";
  EXPECT_EQ(service_of(scene.status(), "api")["state"], "Running");
  scene.input.actual.containers.clear();
  const json status = scene.status();
  EXPECT_EQ(status["services"][0]["state"], "Completed");
  EXPECT_EQ(service_of(status, "api")["state"], "Removed");
}

TEST(Status, WhatIsKeptForDebuggingIsShownAsItIs) {
  Scene scene = ready_shop();
  scene.input.spec.on_failure = crd::OnFailure::Keep;
  scene.input.status = scene.status();
  scene.input.status["phase"] = "Failed";
  for (json& service : scene.input.status["services"]) {
    if (service["name"] == "api") service.update({{"state", "Waiting"}, {"message", "is being started"}});
  }
  scene.input.actual.containers.pop_back();
  scene.exited("api", 7);
  const json api = service_of(scene.status(), "api");
  ASSERT_EQ(api["state"], "Failed");
  EXPECT_EQ(api["exitCode"], 7);
  EXPECT_EQ(api["message"], "exited with code 7");
}

TEST(Status, PendingSaysWhatItWaitsFor) {
  Scene scene = shop();
  scene.input.leases = {};
  scene.input.status = json::object();
  scene.input.actual = {};
  EXPECT_EQ(condition_of(scene.status(), "Scheduled")["message"], "no lease for postgres.sql, redis.6379, the subnet");
  scene.failed(kEnvironmentTarget, Reason::SubnetExhausted, "the pool 10.213.0.0/16 has no free /27 left");
  const json status = scene.status();
  EXPECT_EQ(status["phase"], "Pending");
  EXPECT_EQ(status["reason"], "SubnetExhausted");
  for (const char* type : {"Scheduled", "PortsAllocated", "Ready"}) {
    EXPECT_EQ(condition_of(status, type)["reason"], "SubnetExhausted") << type;
    EXPECT_EQ(condition_of(status, type)["status"], "False") << type;
  }
  EXPECT_FALSE(status.contains("scheduledTime"));
}

TEST(Status, KeepsWhatWentWrongAfterEverythingIsGone) {
  Scene scene = shop();
  scene.input.spec.ready_deadline = 5s;
  scene.probed("postgres", Verdict::NotReady, "connection refused");
  scene.input.memory.last_logs["postgres"] = "FATAL: no data directory\n";
  scene.store();
  EXPECT_EQ(scene.input.status["phase"], "Failed");
  EXPECT_EQ(scene.input.status["reason"], "DeadlineExceeded");
  EXPECT_EQ(scene.input.status["finishedTime"], "2026-11-23T10:00:10.000000Z");
  EXPECT_THAT(service_of(scene.input.status, "postgres")["message"], HasSubstr("FATAL: no data directory"));

  scene.input.actual = {};
  scene.input.memory = {};
  scene.input.leases = {};
  scene.input.now = scene.at(60s);
  scene.store();
  scene.store();
  const json& status = scene.input.status;
  EXPECT_EQ(status["reason"], "DeadlineExceeded");
  EXPECT_THAT(status["message"], HasSubstr("FATAL: no data directory"));
  EXPECT_EQ(status["finishedTime"], "2026-11-23T10:00:10.000000Z");
  EXPECT_EQ(status["endpoints"], json::object());
  EXPECT_EQ(status["env"], json::object());
  EXPECT_FALSE(status["network"].contains("id"));
  EXPECT_THAT(service_of(status, "postgres")["message"], HasSubstr("connection refused"));
  EXPECT_FALSE(service_of(status, "postgres").contains("containerID"));
}

TEST(Status, EndpointsShowWhereAPersonReachesThem) {
  Scene scene = ready_shop();
  scene.input.advertise_address = "ci.example";
  scene.input.leases.ports[1].host_ip = "192.168.1.5";
  const json status = scene.status();
  EXPECT_EQ(status["endpoints"]["postgres.sql"], "ci.example:30000");
  EXPECT_EQ(status["endpoints"]["redis.6379"], "192.168.1.5:30001");
  scene.input.leases.ports[0].host_ip = "0.0.0.0";
  scene.input.leases.ports[1].host_ip = "fd00::5";
  EXPECT_EQ(scene.status()["endpoints"]["postgres.sql"], "ci.example:30000");
  EXPECT_EQ(scene.status()["endpoints"]["redis.6379"], "[fd00::5]:30001");
}

TEST(Status, WhatContainersSayIsFitToBeStored) {
  Scene scene = shop();
  scene.probed("postgres", Verdict::NotReady, std::string("bad \xff byte\x1b[31m") + std::string(5000, 'x'));
  const json status = scene.status();
  EXPECT_EQ(json::parse(crd::dump(status)), status) << "what is stored is what was computed";
  EXPECT_LT(status["message"].get<std::string>().size(), 2100u);
}

TEST(Status, TerminatingCountsWhatIsLeft) {
  Scene scene = ready_shop();
  scene.store();
  scene.input.deleting = true;
  EXPECT_EQ(scene.status()["message"], "4 containers and 1 networks are left");
  EXPECT_EQ(service_of(scene.status(), "redis")["state"], "Removing");
  scene.failed(service_target("redis"), Reason::EngineError, "cannot start");
  EXPECT_EQ(scene.status()["message"], "4 containers and 1 networks are left") << "of the past";
  scene.failed(service_target("redis"), Reason::EngineError, "device is busy").removing = true;
  EXPECT_EQ(scene.status()["message"], "4 containers and 1 networks are left; service/redis: device is busy");
  scene.input.memory.failures.clear();
  scene.input.actual = {};
  EXPECT_EQ(scene.status()["message"], "nothing is left on the engine");
}

TEST(Status, AServiceThatLeftTheSpecIsShownUntilItIsGone) {
  Scene scene = ready_shop();
  scene.store();
  scene.input.spec.services.erase(scene.input.spec.services.begin() + 1);
  EXPECT_EQ(service_of(scene.status(), "redis")["state"], "Removing");
  EXPECT_EQ(service_of(scene.status(), "redis")["ports"].size(), 1u);
  EXPECT_FALSE(scene.status()["endpoints"].contains("redis.6379"));
  scene.input.actual.containers.erase(scene.input.actual.containers.begin() + 1);
  scene.input.leases.ports.pop_back();
  EXPECT_TRUE(service_of(scene.status(), "redis").is_null());
}

TEST(Status, RemembersHowTheRunBeforeEnded) {
  Scene scene;
  scene.service("redis");
  scene.network();
  engine::Container& redis = scene.exited("redis", 3);
  scene.store();
  EXPECT_EQ(service_of(scene.input.status, "redis")["finishedAt"], "2026-11-23T10:00:09.000000Z");
  redis.state = engine::ContainerState::Running;
  redis.started_at = scene.at(10s);
  redis.exit_code = 0;
  redis.attachments.front().ip_address = "10.213.0.3";
  for (int look = 0; look < 2; ++look) {
    const json service = service_of(scene.status(), "redis");
    EXPECT_EQ(service["ipAddress"], "10.213.0.3");
    EXPECT_EQ(service["lastTermination"]["exitCode"], 3);
    EXPECT_EQ(service["lastTermination"]["startedAt"], "2026-11-23T10:00:05.000000Z");
    EXPECT_FALSE(service.contains("finishedAt"));
    scene.store();
  }
}

}  // namespace
}  // namespace berth::plan
