#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// How environments end: deletion, expiry, failure.
struct EndingTest : ReconcileWorld {
  void expect_clean_engine() {
    EXPECT_THAT(engine.containers(), IsEmpty());
    EXPECT_THAT(engine.networks(), IsEmpty());
    EXPECT_THAT(engine.volumes(), IsEmpty());
    EXPECT_EQ(berthd->host().ports.counts(clock.system_now()).leased, 0);
    EXPECT_EQ(berthd->host().subnets.counts(clock.system_now()).leased, 0);
  }
  void heartbeat(const std::string& name) {
    json body = {{"apiVersion", "coordination.k8s.io/v1"},
                 {"kind", "Lease"},
                 {"metadata", {{"name", name}, {"namespace", "ci"}}},
                 {"spec", {{"renewTime", base::format_micro_time(clock.system_now())}}}};
    const auto old = store->get({"leases.coordination.k8s.io", "ci", name});
    if (!old) {
      ASSERT_TRUE(fakes::run_task(io, clock, user.create(lease_kind, "ci", body, {})).has_value());
    } else {
      body["metadata"]["resourceVersion"] = std::to_string(old->revision());
      ASSERT_TRUE(fakes::run_task(io, clock, user.replace(lease_kind, {"ci", name}, body, {})).has_value());
    }
    fakes::settle(io);
  }
};

TEST_F(EndingTest, ADeletedEnvironmentLeavesNothing) {
  create(two_services("shop"));
  run(5s);
  remove("shop");
  run(5s);
  EXPECT_EQ(phase("shop"), "gone");
  expect_clean_engine();
  EXPECT_EQ(heard("Removed"), 1);
  EXPECT_EQ(metric("berth_cleanup_duration_seconds_count"), 1);
  EXPECT_EQ(metric("berth_cleanup_objects_total{cause=\"deleted\",kind=\"container\"}"), 2);
  EXPECT_EQ(metric("berth_cleanup_objects_total{cause=\"deleted\",kind=\"network\"}"), 1);
}

TEST_F(EndingTest, AnEnvironmentThatIsDeletedWhileItIsMadeLeavesNothing) {
  engine.latency = {{"network_create", 200ms}, {"container_create", 100ms}, {"container_start", 500ms}};
  for (int i = 0; i < 10; ++i) {
    create(two_services("shop"));
    run(100ms * i);
    remove("shop");
    run(10s);
    ASSERT_EQ(phase("shop"), "gone") << i;
    expect_clean_engine();
  }
}

TEST_F(EndingTest, AContainerFromOutsideIsDisconnectedAndLeftAlone) {
  create(two_services("shop"));
  run(5s);
  const auto job = engine.add_foreign_container("ci-job", status("shop")["network"]["name"]);
  remove("shop");
  run(10s);
  EXPECT_EQ(phase("shop"), "gone");
  ASSERT_TRUE(engine.container(job));
  EXPECT_TRUE(engine.container(job)->running());
  EXPECT_EQ(metric("berth_foreign_disconnected_total{host=\"local\"}"), 1);
  EXPECT_EQ(heard("ForeignDisconnected"), 1);
}

TEST_F(EndingTest, TheTtlRemovesTheObjectsAndLaterTheEnvironment) {
  create(environment("shop", {service("a")}, {{"ttlSeconds", 60}, {"ttlSecondsAfterFinished", 30}}));
  run(61s);
  EXPECT_EQ(phase("shop"), "Expired");
  run(5s);
  EXPECT_THAT(engine.containers(), IsEmpty());
  EXPECT_EQ(heard("Expired"), 1);
  run(31s);
  EXPECT_EQ(phase("shop"), "gone");
  expect_clean_engine();
}

TEST_F(EndingTest, AHeartbeatKeepsAnEnvironmentAndItsEndEndsIt) {
  create(environment("shop", {service("a")}, {{"leaseDurationSeconds", 10}}));
  for (int i = 0; i < 5; ++i) {
    heartbeat("shop");
    run(8s);
    ASSERT_EQ(phase("shop"), "Ready") << i;
  }
  run(3s);
  EXPECT_EQ(phase("shop"), "Expired");
  EXPECT_THAT(crd::dump(status("shop")), HasSubstr("LeaseExpired"));
  remove("shop");
  run(10s);
  EXPECT_FALSE(store->get({"leases.coordination.k8s.io", "ci", "shop"})) << "the Lease goes with its environment";
}

TEST_F(EndingTest, AnAbsenceOfBerthdLongerThanTheLeaseLeavesTimeToRenew) {
  create(environment("shop", {service("a")}, {{"leaseDurationSeconds", 30}}));
  heartbeat("shop");
  run(5s);
  ASSERT_EQ(phase("shop"), "Ready");
  stop();
  run(60s);
  start();
  run(29s);
  EXPECT_EQ(phase("shop"), "Ready");
  run(2s);
  EXPECT_EQ(phase("shop"), "Expired");
}

TEST_F(EndingTest, AMissedDeadlineIsAFailureWithTheLastLines) {
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  fakes::Behaviour talkative;
  talkative.logs = "starting\nFATAL: no disk\n";
  engine.behave("postgres", talkative);
  auto body = two_services("shop");
  body["spec"]["readyDeadlineSeconds"] = 20;
  create(body);
  run(30s);
  EXPECT_EQ(phase("shop"), "Failed");
  EXPECT_THAT(crd::dump(status("shop")), HasSubstr("DeadlineExceeded"));
  EXPECT_THAT(crd::dump(status("shop")), HasSubstr("FATAL: no disk"));
  expect_clean_engine();
}

TEST_F(EndingTest, ADeadlineThatBecomesShorterIsWatched) {
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  auto body = two_services("shop");
  body["spec"]["readyDeadlineSeconds"] = 3600;
  create(body);
  run(30s);
  ASSERT_EQ(phase("shop"), "Provisioning");
  change_spec("shop", [](json& spec) { spec["readyDeadlineSeconds"] = 20; });
  run(25s);
  EXPECT_EQ(phase("shop"), "Failed");
}

TEST_F(EndingTest, ARemovalDoesNotWaitForTheStartThatFailed) {
  engine.inject({.operation = "container_start", .times = -1, .error = base::error(Reason::DiskPressure, "no space left on device")});
  create(environment("shop", {service("app")}));
  run(5min);
  remove("shop");
  run(2s);
  EXPECT_EQ(phase("shop"), "gone");
  expect_clean_engine();
}

TEST_F(EndingTest, AChangedSpecReplacesTheContainerThatCouldNotStartAtOnce) {
  engine.inject({.operation = "container_start", .times = 10, .error = base::error(Reason::EngineError, "cgroup trouble")});
  create(environment("shop", {service("app")}));
  run(5min);
  const auto removed = engine.count("container_remove");
  change_spec("shop", [](json& spec) { spec["services"][0]["args"] = {"other"}; });
  run(1s);
  EXPECT_EQ(engine.count("container_remove"), removed + 1);
}

TEST_F(EndingTest, AFailedEnvironmentIsKeptForDebuggingWhenItSaysSo) {
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  auto body = two_services("shop");
  body["spec"]["readyDeadlineSeconds"] = 20;
  body["spec"]["onFailure"] = "Keep";
  create(body);
  run(60s);
  EXPECT_EQ(phase("shop"), "Failed");
  EXPECT_FALSE(engine.containers().empty());
  remove("shop");
  run(10s);
  expect_clean_engine();
}

}  // namespace
}  // namespace berth::reconcile
