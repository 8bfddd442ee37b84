#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct DriftTest : ReconcileWorld {
  void SetUp() override {
    ReconcileWorld::SetUp();
    create(two_services("shop"));
    run(5s);
    ASSERT_EQ(phase("shop"), "Ready");
    engine.forget_calls();
    said.clear();
  }
  std::string postgres() { return container_of("shop", "postgres"); }
  std::string network() { return status("shop")["network"]["name"]; }
};

TEST_F(DriftTest, AKilledContainerIsRestartedAtOnce) {
  const auto killed = clock.steady_now();
  engine.kill(postgres());
  fakes::settle(io);
  ASSERT_EQ(engine.count("container_start"), 1);
  EXPECT_LT(engine.calls().front().at - killed, 20ms);
  EXPECT_EQ(engine.calls().front().operation, "container_start") << "nothing is asked before the restart";
  run(2s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(service_status("shop", "postgres")["restartCount"], 1);
  EXPECT_EQ(metric("berth_drift_total{kind=\"container_died\"}"), 1);
  EXPECT_EQ(metric("berth_time_to_heal_seconds_count"), 1);
  EXPECT_EQ(heard("Repaired"), 1);
}

TEST_F(DriftTest, ASecondCrashWaits) {
  engine.kill(postgres());
  run(2s);
  engine.kill(postgres());
  run(5s);
  EXPECT_EQ(engine.count("container_start"), 1);
  EXPECT_EQ(heard("BackOff"), 1);
  run(10s);
  EXPECT_EQ(engine.count("container_start"), 2);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(DriftTest, ARemovedContainerIsMadeAgainWithItsPort) {
  engine.remove_behind_back(postgres());
  run(3s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(status("shop")["endpoints"]["postgres.sql"], "127.0.0.1:30000");
  EXPECT_EQ(engine.count("container_create"), 1);
}

TEST_F(DriftTest, ARemovedNetworkIsMadeAgainAndItsContainersJoinIt) {
  for (const auto& name : {postgres(), container_of("shop", "api")}) engine.disconnect_behind_back(network(), name);
  engine.remove_network_behind_back(network());
  run(30s);
  EXPECT_EQ(phase("shop"), "Ready");
  ASSERT_EQ(engine.networks().size(), 1u);
  EXPECT_EQ(engine.networks().front().subnets, std::vector<std::string>{"10.213.0.0/27"});
}

TEST_F(DriftTest, ADisconnectedContainerIsConnectedAgainUnderItsName) {
  engine.disconnect_behind_back(network(), postgres());
  run(3s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_THAT(engine.aliases(postgres()), testing::Contains("postgres"));
}

TEST_F(DriftTest, WhatIsUndoneAgainAndAgainIsRepairedMoreAndMoreSlowly) {
  for (int i = 0; i < 2000; ++i) {
    run(10ms);
    if (!engine.container(postgres())->attachments.empty()) engine.disconnect_behind_back(network(), postgres());
  }
  EXPECT_GE(engine.count("network_connect"), 5);
  EXPECT_LE(engine.count("network_connect"), 12);
  run(15s);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(DriftTest, AContainerThatDiedOffItsNetworkIsConnectedOnceAndStarted) {
  engine.set_down(true);
  engine.disconnect_behind_back(network(), postgres());
  engine.kill(postgres());
  engine.set_down(false);
  run(30s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(engine.count("network_connect"), 1);
  EXPECT_EQ(engine.count("container_start"), 1);
  EXPECT_THAT(engine.aliases(postgres()), testing::Contains("postgres"));
}

TEST_F(DriftTest, AContainerThatIsHalfConnectedIsMadeAnew) {
  const auto id = engine.container(postgres())->id;
  engine.inject({.operation = "network_connect", .error = base::error(Reason::PortConflict, "127.0.0.1:30000: address already in use"),
                 .takes_effect = true});  // inspect shows it, but it is not
  engine.disconnect_behind_back(network(), postgres());
  run(20s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_NE(engine.container(postgres())->id, id);
  EXPECT_EQ(engine.containers().size(), 2u);
}

TEST_F(DriftTest, AContainerMadeWhileItsNetworkWentStartsOnTheNextOne) {
  engine.lose_events(true);
  for (const auto& name : {postgres(), container_of("shop", "api")}) engine.disconnect_behind_back(network(), name);
  engine.remove_network_behind_back(network());
  engine.lose_events(false);
  engine.remove_behind_back(postgres());
  run(30s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(engine.count("network_create"), 1);
}

TEST_F(DriftTest, AKillIsFoundAlsoWhenItsEventIsLost) {
  engine.lose_events(true);
  engine.kill(postgres());
  run(2s);
  EXPECT_EQ(engine.count("container_start"), 0);
  run(90s);
  EXPECT_EQ(engine.count("container_start"), 1);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(DriftTest, EverythingIsListedAgainWhenTheEventStreamEnds) {
  engine.lose_events(true);
  engine.remove_behind_back(postgres());
  engine.lose_events(false);
  engine.end_event_streams();
  run(5s);
  EXPECT_EQ(engine.count("container_create"), 1);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(metric("berth_engine_event_reconnects_total{host=\"local\"}"), 1);
}

TEST_F(DriftTest, AnEngineRestartIsHealed) {
  engine.restart();
  run(60s);
  EXPECT_EQ(phase("shop"), "Ready");
  for (const auto& container : engine.containers()) EXPECT_TRUE(container.running()) << container.name;
}

TEST_F(DriftTest, AnEngineThatRestartsAgainAndAgainIsNoCrashLoop) {
  for (int i = 0; i < 4; ++i) {
    engine.restart();
    run(8s);
    EXPECT_EQ(phase("shop"), "Ready") << i;
  }
  EXPECT_EQ(heard("BackOff"), 0);
}

TEST_F(DriftTest, NothingIsDecidedWhileTheEngineIsAway) {
  const auto before = status("shop");
  engine.set_down(true);
  const auto revision = get("shop")->revision();
  run(9s);
  EXPECT_EQ(get("shop")->revision(), revision) << "a short absence is not worth a write";
  run(5min);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(status("shop")["services"], before["services"]);
  EXPECT_EQ(crd::condition_status(status("shop"), "Ready"), "False");
  EXPECT_EQ(status("shop")["reason"], "EngineUnavailable");
  EXPECT_THAT(status("shop").value("message", ""), HasSubstr("connection refused"));
  EXPECT_EQ(get("shop")->revision(), revision + 1) << "it is said once";
  engine.set_down(false);
  run(30s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(crd::condition_status(status("shop"), "Ready"), "True");
  EXPECT_FALSE(status("shop").contains("reason"));
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(DriftTest, ADeletionThatWaitsForTheEngineSaysSo) {
  engine.set_down(true);
  run(5s);
  remove("shop");
  run(1s);
  EXPECT_EQ(phase("shop"), "Terminating");
  EXPECT_EQ(status("shop")["reason"], "EngineUnavailable");
  engine.set_down(false);
  run(30s);
  EXPECT_EQ(phase("shop"), "gone");
}

TEST_F(DriftTest, WhatIsOverKeepsItsReasonWhileTheEngineIsAway) {
  json once = service("once");
  once["restartPolicy"] = "Never";
  create(environment("batch", {once}));
  run(2s);
  engine.kill(container_of("batch", "once"), 3);
  run(10s);
  ASSERT_EQ(phase("batch"), "Failed");
  const auto before = status("batch");
  engine.set_down(true);
  run(5min);
  EXPECT_EQ(status("batch"), before);
}

TEST_F(DriftTest, AContainerThatCannotBeInspectedDelaysNobodyElse) {
  create(environment("sick", {service("app")}));
  run(5s);
  const auto sick = service_status("sick", "app").value("containerID", "");
  stop();
  engine.kill(postgres());
  engine.inject({.operation = "container_inspect", .target = sick, .times = -1});
  engine.forget_calls();
  start();
  run(3s);
  EXPECT_EQ(engine.count("container_start"), 1) << "the other environment is healed";
  EXPECT_EQ(phase("shop"), "Ready");
  run(5min);
  EXPECT_TRUE(engine.container(sick).has_value());
  EXPECT_EQ(phase("sick"), "Ready");
  EXPECT_EQ(status("sick")["reason"], "EngineUnavailable");
  EXPECT_THAT(status("sick").value("message", ""), HasSubstr("does not answer about it"));
  EXPECT_EQ(berthd->host().subnets.holder(plan::parse_subnet("10.213.0.32/27").value()), get("sick")->uid());
}

TEST_F(DriftTest, AContainerThatCanBeInspectedAgainIsGoneOnWith) {
  const auto sick = service_status("shop", "api").value("containerID", "");
  stop();
  engine.kill(container_of("shop", "api"));
  engine.inject({.operation = "container_inspect", .target = sick, .times = 2});
  engine.forget_calls();
  start();
  run(2min);
  EXPECT_EQ(engine.count("container_start"), 1);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_FALSE(status("shop").contains("reason"));
  remove("shop");
  run(30s);
  EXPECT_EQ(phase("shop"), "gone");
}

TEST_F(DriftTest, AServiceThatMayEndIsNoDrift) {
  json once = service("once");
  once["restartPolicy"] = "Never";
  create(environment("batch", {once}));
  run(2s);
  said.clear();
  engine.kill(container_of("batch", "once"), 0);
  run(2s);
  EXPECT_EQ(service_status("batch", "once")["state"], "Completed");
  EXPECT_EQ(heard("ContainerDied"), 0);
}

TEST_F(DriftTest, AnUnreadyServiceIsReportedAndItsRecoveryToo) {
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  run(60s);
  EXPECT_EQ(phase("shop"), "Degraded");
  EXPECT_EQ(heard("Unhealthy"), 1);
  transport.rule = [](auto&, auto) { return Dial::Open; };
  run(30s);
  EXPECT_EQ(phase("shop"), "Ready");
}

}  // namespace
}  // namespace berth::reconcile
