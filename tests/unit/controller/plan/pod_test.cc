#include <gtest/gtest.h>

#include "controller/plan/pod.h"
#include "crd/condition.h"

namespace berth::plan {
namespace {

using namespace std::chrono_literals;

const base::SystemTime kNow = base::parse_time("2026-11-23T10:05:00Z").value();

// An environment "shop" with the one service "db", of which `service` is status.services[0].
struct Shop {
  json service = {{"name", "db"}, {"state", "Waiting"}, {"ready", false}, {"restartCount", 0}, {"ports", json::array()}};
  json status = {{"phase", "Provisioning"}, {"scheduledTime", "2026-11-23T10:00:01.000000Z"}};
  json metadata = {{"name", "shop"}, {"namespace", "ci"}, {"uid", "u-1"}, {"labels", {{"team", "blue"}}}};
  json spec = json::parse(R"({"services":[{"name":"db","image":"postgres:16","restartPolicy":"Never",
      "env":[{"name":"PGDATA","value":"/data"}],"resources":{"limits":{"memory":"64Mi"}},
      "ports":[{"name":"sql","containerPort":5432,"protocol":"TCP"}],
      "readinessProbe":{"tcpSocket":{"port":"sql"},"periodSeconds":2}}]})");
  ObjectPtr stored;
  PodHost host;

  Shop& running() {
    service.update({{"state", "Running"},
                    {"containerID", "abc"},
                    {"imageID", "sha256:1"},
                    {"ipAddress", "10.213.0.2"},
                    {"startedAt", "2026-11-23T10:00:05.250000Z"}});
    return *this;
  }
  Shop& ended(const std::string& state, int code) {
    running();
    service.erase("ipAddress");
    service.update({{"state", state}, {"exitCode", code}, {"finishedAt", "2026-11-23T10:00:09.500000Z"}});
    return *this;
  }
  ObjectPtr environment() const {
    json whole = status;
    whole["services"] = json::array({service});
    return Object::make({{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}, {"metadata", metadata},
                         {"spec", spec}, {"status", whole}}).value();
  }
  std::vector<json> all(base::SystemTime now = kNow) const {
    return pods(*environment(), host, [this](const std::string&) { return stored; }, now);
  }
  json pod(base::SystemTime now = kNow) const { return all(now).at(0); }
  json pod_status() const { return pod()["status"]; }
  json container() const { return pod_status()["containerStatuses"][0]; }
};

json condition(const json& status, const std::string& type) {
  for (const json& each : status["conditions"]) {
    if (each["type"] == type) return each;
  }
  return json::object();
}

TEST(Pod, IsNamedAfterItsServiceAndOwnedByItsEnvironment) {
  const json pod = Shop().pod();
  EXPECT_EQ(pod["apiVersion"], "v1");
  EXPECT_EQ(pod["kind"], "Pod");
  const json& metadata = pod["metadata"];
  EXPECT_EQ(metadata["name"], "shop.db");
  EXPECT_EQ(metadata["namespace"], "ci");
  EXPECT_EQ(metadata["labels"], (json{{"team", "blue"}, {"berth.dev/environment", "shop"}, {"berth.dev/service", "db"}}));
  ASSERT_EQ(metadata["ownerReferences"].size(), 1U);
  const json& owner = metadata["ownerReferences"][0];
  EXPECT_EQ(owner["kind"], "TestEnvironment");
  EXPECT_EQ(owner["apiVersion"], "berth.dev/v1alpha1");
  EXPECT_EQ(owner["name"], "shop");
  EXPECT_EQ(owner["uid"], "u-1");
  EXPECT_EQ(owner["controller"], true);
}

TEST(Pod, HasOneContainerWithWhatTheServiceSays) {
  Shop shop;
  shop.running();
  shop.service["ports"] = json::parse(R"([{"name":"sql","containerPort":5432,"protocol":"TCP","hostPort":30000,"hostIP":"127.0.0.1"}])");
  const json pod = shop.pod();
  EXPECT_EQ(pod["spec"]["nodeName"], "local");
  EXPECT_EQ(pod["spec"]["restartPolicy"], "Never");
  ASSERT_EQ(pod["spec"]["containers"].size(), 1U);
  const json& container = pod["spec"]["containers"][0];
  EXPECT_EQ(container["name"], "db");
  EXPECT_EQ(container["image"], "postgres:16");
  EXPECT_EQ(container["env"][0]["name"], "PGDATA");
  EXPECT_EQ(container["resources"]["limits"]["memory"], "64Mi");
  EXPECT_EQ(container["ports"], shop.service["ports"]);
  EXPECT_EQ(container["readinessProbe"], json::parse(R"({"tcpSocket":{"port":"sql"},"periodSeconds":2,"timeoutSeconds":1,
                                             "successThreshold":1,"failureThreshold":3})"));
}

TEST(Pod, SaysHowItsProcessCanBeReached) {
  Shop shop;
  EXPECT_FALSE(shop.pod()["spec"]["containers"][0].contains("tty"));
  shop.spec["services"][0].update({{"stdin", true}, {"tty", true}, {"hostname", "box"}});
  const json spec = shop.pod()["spec"];
  EXPECT_EQ(spec["hostname"], "box");
  EXPECT_EQ(spec["containers"][0]["stdin"], true);
  EXPECT_EQ(spec["containers"][0]["tty"], true);
}

TEST(Pod, ThatWaitsForItsLeasesIsUnschedulable) {
  Shop shop;
  shop.status = {{"phase", "Pending"}};
  shop.status["conditions"] = json::array({json{{"type", "Scheduled"}, {"status", "False"}, {"message", "no port is free"}}});
  const json status = shop.pod_status();
  EXPECT_EQ(status["phase"], "Pending");
  EXPECT_FALSE(shop.pod()["spec"].contains("nodeName"));
  EXPECT_FALSE(status.contains("containerStatuses"));
  EXPECT_EQ(condition(status, "PodScheduled")["status"], "False");
  EXPECT_EQ(condition(status, "PodScheduled")["reason"], "Unschedulable");
  EXPECT_EQ(condition(status, "PodScheduled")["message"], "no port is free");
}

TEST(Pod, WhoseContainerIsMadeIsPending) {
  const json status = Shop().pod_status();
  EXPECT_EQ(status["phase"], "Pending");
  EXPECT_EQ(status["startTime"], "2026-11-23T10:00:01Z");
  EXPECT_EQ(status["containerStatuses"][0]["state"]["waiting"]["reason"], "ContainerCreating");
  EXPECT_EQ(condition(status, "PodScheduled")["status"], "True");
  EXPECT_EQ(condition(status, "Ready")["reason"], "ContainersNotReady");
  EXPECT_EQ(condition(status, "Ready")["message"], "containers with unready status: [db]");
}

TEST(Pod, DoesNotChangeWithEveryStepOfItsMaking) {
  Shop shop;
  const json before = shop.pod();
  shop.service.update({{"containerID", "abc"}, {"imageID", "sha256:1"}, {"message", "is being started"}});
  EXPECT_EQ(shop.pod(), before);
}

TEST(Pod, SaysInKubernetesWordsWhyItsContainerCannotBeMade) {
  Shop shop;
  shop.service["reason"] = "ImagePullFailed";
  shop.service["message"] = "manifest unknown";
  EXPECT_EQ(shop.container()["state"]["waiting"], (json{{"reason", "ErrImagePull"}, {"message", "manifest unknown"}}));
}

TEST(Pod, WithARunningContainerShowsItsAddressAndStart) {
  Shop shop;
  shop.running().service["ready"] = true;
  shop.service["restartCount"] = 2;
  const json status = shop.pod_status();
  EXPECT_EQ(status["phase"], "Running");
  EXPECT_EQ(status["podIP"], "10.213.0.2");
  EXPECT_EQ(status["podIPs"], json::parse(R"([{"ip":"10.213.0.2"}])"));
  EXPECT_EQ(status["hostIP"], "127.0.0.1");
  for (const char* type : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
    EXPECT_EQ(condition(status, type)["status"], "True") << type;
  }
  const json container = shop.container();
  EXPECT_EQ(container["state"]["running"]["startedAt"], "2026-11-23T10:00:05Z");
  EXPECT_EQ(container["containerID"], "docker://abc");
  EXPECT_EQ(container["imageID"], "docker://sha256:1");
  EXPECT_EQ(container["restartCount"], 2);
  EXPECT_EQ(container["ready"], true);
}

TEST(Pod, ThatRunsAndIsNotReadySaysSo) {
  Shop shop;
  const json status = shop.running().pod_status();
  EXPECT_EQ(status["phase"], "Running");
  EXPECT_EQ(condition(status, "Ready")["status"], "False");
  EXPECT_EQ(condition(status, "Initialized")["status"], "True");
}

TEST(Pod, ThatWaitsForItsRestartIsInCrashLoopBackOff) {
  Shop shop;
  shop.ended("Restarting", 3).service["message"] = "exited with code 3";
  const json container = shop.container();
  EXPECT_EQ(shop.pod_status()["phase"], "Running");
  EXPECT_EQ(container["state"]["waiting"]["reason"], "CrashLoopBackOff");
  EXPECT_EQ(container["lastState"]["terminated"]["exitCode"], 3);
  EXPECT_EQ(container["lastState"]["terminated"]["reason"], "Error");
  EXPECT_EQ(container["lastState"]["terminated"]["finishedAt"], "2026-11-23T10:00:09Z");
}

TEST(Pod, ThatWasRestartedShowsHowTheRunBeforeEnded) {
  Shop shop;
  shop.running().service["lastTermination"] = {{"exitCode", 137}, {"reason", "OOMKilled"}, {"startedAt", "2026-11-23T10:00:02.000000Z"}};
  EXPECT_EQ(shop.container()["lastState"]["terminated"]["reason"], "OOMKilled");
  EXPECT_EQ(shop.container()["lastState"]["terminated"]["exitCode"], 137);
}

TEST(Pod, ThatCompletedSucceeded) {
  Shop shop;
  const json status = shop.ended("Completed", 0).pod_status();
  EXPECT_EQ(status["phase"], "Succeeded");
  EXPECT_EQ(status["containerStatuses"][0]["state"]["terminated"]["reason"], "Completed");
  EXPECT_EQ(condition(status, "Ready")["reason"], "PodCompleted");
}

TEST(Pod, ThatFailedShowsItsExitCode) {
  Shop shop;
  const json status = shop.ended("Failed", 2).pod_status();
  EXPECT_EQ(status["phase"], "Failed");
  EXPECT_EQ(status["containerStatuses"][0]["state"]["terminated"]["exitCode"], 2);
  EXPECT_EQ(condition(status, "Ready")["reason"], "PodFailed");
}

TEST(Pod, WhoseEnvironmentExpiredFailed) {
  Shop shop;
  shop.running().service.erase("containerID");
  shop.status.update({{"phase", "Expired"}, {"message", "its time is over"}});
  const json status = shop.pod_status();
  EXPECT_EQ(status["phase"], "Failed");
  EXPECT_EQ(status["reason"], "Expired");
  EXPECT_EQ(status["message"], "its time is over");
}

TEST(Pod, StaysAsLongAsItsContainerDoes) {
  Shop shop;
  shop.running().service["state"] = "Removing";
  shop.metadata["deletionTimestamp"] = "2026-11-23T10:04:00Z";
  shop.status["phase"] = "Terminating";
  ASSERT_EQ(shop.all().size(), 1U);
  EXPECT_EQ(shop.container()["state"]["waiting"]["reason"], "Terminating");
  shop.service.erase("containerID");
  EXPECT_TRUE(shop.all().empty());
}

TEST(Pod, KeepsTheTimesOfConditionsThatDidNotChange) {
  Shop shop;
  shop.running();
  json first = shop.pod(kNow);
  shop.stored = Object::make(first).value();
  EXPECT_EQ(shop.pod(kNow + 60s), first);
  EXPECT_TRUE(says_the_same(*shop.stored, shop.pod(kNow + 60s)));
  shop.service["ready"] = true;
  const json later = shop.pod(kNow + 60s);
  EXPECT_FALSE(says_the_same(*shop.stored, later));
  EXPECT_EQ(condition(later["status"], "Ready")["lastTransitionTime"], "2026-11-23T10:06:00Z");
  EXPECT_EQ(condition(later["status"], "PodScheduled")["lastTransitionTime"], "2026-11-23T10:05:00Z");
}

}  // namespace
}  // namespace berth::plan
