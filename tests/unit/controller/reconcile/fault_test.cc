#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

using testing::HasSubstr;

// Answers that are lost or wrong: what was done is found, nothing is made twice.
struct FaultTest : ReconcileWorld {
  static Error lost() { return base::error(Reason::EngineUnavailable, "connection reset"); }
  void expect_one_of_each() {
    EXPECT_EQ(phase("shop"), "Ready");
    EXPECT_EQ(engine.containers().size(), 2u);
    EXPECT_EQ(engine.networks().size(), 1u);
  }
};

// An Event outlives the spec that tells what is secret.
TEST_F(FaultTest, AnEventOfWhatTheEngineSaidHasNoSecrets) {
  engine.inject({.operation = "container_create", .times = 1,
                 .error = base::error(Reason::InvalidSpec, "no such thing as planted-secret-1, says the engine")});
  auto app = service("app");
  app["env"] = json::array({{{"name", "API_TOKEN"}, {"value", "planted-secret-1"}}});
  create(environment("shop", {app}));
  run(1s);
  std::string all;
  for (const auto& one : said) all += one.reason + ": " + one.message + "\n";
  EXPECT_THAT(all, HasSubstr("no such thing as ***, says the engine"));
  EXPECT_THAT(all, testing::Not(HasSubstr("planted")));
}

TEST_F(FaultTest, ANetworkWhoseAnswerWasLostIsFound) {
  engine.inject({.operation = "network_create", .error = lost(), .takes_effect = true});
  create(two_services("shop"));
  run(20s);
  expect_one_of_each();
  EXPECT_EQ(engine.count("network_create"), 1);
}

// Its subnet is taken from the first moment on, but no list shows it before it is whole.
TEST_F(FaultTest, ANetworkThatIsStillBeingMadeForTheBerthdBeforeIsWaitedFor) {
  engine.latency["network_create"] = 3s;
  create(two_services("shop"));
  run(1s);
  stop();
  engine.latency.clear();
  const auto subnet = status("shop")["network"]["subnet"];
  start();
  run(20s);
  expect_one_of_each();
  EXPECT_EQ(status("shop")["network"]["subnet"], subnet);
  EXPECT_EQ(heard("SubnetConflict"), 0);
}

TEST_F(FaultTest, ASubnetThatNobodySeemsToHaveIsGivenUpAfterAWhile) {
  engine.inject({.operation = "network_create", .times = -1,
                 .error = base::error(Reason::SubnetConflict, "Pool overlaps with other one on this address space")});
  create(two_services("shop"));
  run(5s);
  EXPECT_EQ(heard("SubnetConflict"), 0);
  run(10s);
  EXPECT_EQ(heard("SubnetConflict"), 1);
  engine.forget_faults();
  run(20s);
  expect_one_of_each();
}

// One that nobody waits for any more becomes whole after all: its name is ambiguous then.
TEST_F(FaultTest, ASecondNetworkOfOneNameIsRemoved) {
  engine.duplicate_network_names = true;
  engine.latency["container_create"] = 2s;
  create(environment("shop", {service("app")}));
  run(1s);
  ASSERT_EQ(engine.networks().size(), 1u);
  auto labels = engine.networks()[0].labels;
  labels["berth.dev/spec-hash"] = "of-another-subnet";
  engine.lose_events(true);
  engine.add_foreign_network(engine.networks()[0].name, "10.213.3.0/27", labels);
  engine.lose_events(false);
  run(20s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_EQ(engine.networks().size(), 1u);
}

TEST_F(FaultTest, AContainerWhoseAnswerWasLostIsFound) {
  engine.inject({.operation = "container_create", .error = lost(), .takes_effect = true});
  create(two_services("shop"));
  run(20s);
  expect_one_of_each();
  EXPECT_EQ(engine.count("container_create"), 2);
}

TEST_F(FaultTest, ANetworkThatIsMissingAtACreateIsSeenToBeGone) {
  create(two_services("shop"));
  run(5s);
  engine.lose_events(true);
  engine.remove_network_behind_back(status("shop")["network"]["name"]);
  engine.lose_events(false);
  engine.inject({.operation = "container_create", .error = base::error(Reason::NetworkMissing, "network not found")});
  engine.remove_behind_back(container_of("shop", "api"));
  run(10s);
  expect_one_of_each();
}

TEST_F(FaultTest, AStartWhoseAnswerWasLostIsSeenToRun) {
  engine.inject({.operation = "container_start", .error = lost(), .takes_effect = true});
  create(two_services("shop"));
  run(20s);
  expect_one_of_each();
  EXPECT_EQ(service_status("shop", "postgres")["restartCount"], 0);
}

TEST_F(FaultTest, AStartThatFailsOnceIsTriedAgain) {
  engine.inject({.operation = "container_start", .times = 3, .error = base::error(Reason::EngineError, "cgroup trouble")});
  create(two_services("shop"));
  run(60s);
  expect_one_of_each();
}

TEST_F(FaultTest, AContainerThatTheEngineCannotStartIsMadeAnew) {
  create(two_services("shop"));
  run(5s);
  const auto name = container_of("shop", "postgres");
  const auto id = engine.container(name)->id;
  engine.inject({.operation = "container_start", .target = id, .times = -1,
                 .error = base::error(Reason::EngineError, "task " + id + ": already exists")});
  engine.kill(name);
  run(30s);
  expect_one_of_each();
  EXPECT_NE(engine.container(name)->id, id);
  EXPECT_EQ(engine.count("container_create"), 3);
}

TEST_F(FaultTest, AnEngineThatStartsNothingIsAskedSeldom) {
  engine.inject({.operation = "container_start", .times = -1, .error = base::error(Reason::EngineError, "cannot find cgroup mount")});
  create(environment("shop", {service("app")}));
  run(10min);
  EXPECT_LT(engine.count("container_start"), 25);
  EXPECT_LT(engine.count("container_create"), 25);
  EXPECT_THAT(service_status("shop", "app").value("message", ""), HasSubstr("cannot find cgroup mount"));
  engine.forget_faults();
  run(2min);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(FaultTest, AnOperationThatThrowsIsTriedAgainSeldom) {
  engine.inject({.operation = "container_create", .times = -1, .throws = true});
  create(environment("shop", {service("app")}));
  run(60s);
  EXPECT_LT(engine.count("container_create"), 12);
  EXPECT_EQ(service_status("shop", "app").value("reason", ""), "InternalError");
  EXPECT_THAT(service_status("shop", "app").value("message", ""), HasSubstr("out of order"));
  remove("shop");
  run(5s);
  EXPECT_EQ(phase("shop"), "gone");
}

TEST_F(FaultTest, ARemovalThatFailsIsTriedAgainAndKeepsTheLeases) {
  create(two_services("shop"));
  run(5s);
  engine.inject({.operation = "container_remove", .times = 4, .error = base::error(Reason::EngineError, "device is busy")});
  remove("shop");
  run(500ms);
  EXPECT_EQ(berthd->host().ports.counts(clock.system_now()).leased, 1);
  run(60s);
  EXPECT_EQ(phase("shop"), "gone");
  EXPECT_TRUE(engine.containers().empty() && engine.networks().empty());
  EXPECT_EQ(berthd->host().ports.counts(clock.system_now()).leased, 0);
  EXPECT_GE(metric("berth_cleanup_failures_total{reason=\"EngineError\"}"), 1);
}

TEST_F(FaultTest, AContainerThatSomebodyElseRemovesIsWaitedFor) {
  create(two_services("shop"));
  run(5s);
  const auto name = container_of("shop", "api");
  engine.set_removing(name);
  remove("shop");
  run(5s);
  EXPECT_EQ(phase("shop"), "Terminating");
  engine.remove_behind_back(name);
  run(30s);
  EXPECT_EQ(phase("shop"), "gone");
}

TEST_F(FaultTest, ASubnetThatIsTakenOutsideIsReplacedByAnother) {
  engine.add_foreign_network("vpn", "10.213.0.0/27");
  create(two_services("shop"));
  run(10s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(engine.networks().size(), 2u);
  EXPECT_NE(status("shop")["network"]["subnet"], "10.213.0.0/27");
}

TEST_F(FaultTest, APortThatIsTakenOutsideIsReplacedByAnother) {
  engine.hold_port("127.0.0.1", 30000);
  create(two_services("shop"));
  run(20s);
  expect_one_of_each();
  EXPECT_EQ(status("shop")["endpoints"]["postgres.sql"], "127.0.0.1:30001");
  EXPECT_EQ(status("shop")["env"]["DEV_POSTGRES_PORT"], "30001");
  EXPECT_EQ(heard("PortConflict") > 0, true);
  EXPECT_EQ(metric("berth_port_conflicts_total{host=\"local\"}"), 1);
}

TEST_F(FaultTest, AForeignContainerOfTheSameNameIsLeftAlone) {
  const auto object = create(environment("shop", {service("app")}));
  run(3s);
  const auto name = container_of("shop", "app");
  engine.remove_behind_back(name);
  const auto foreign = engine.add_foreign_container(name);
  run(10s);
  EXPECT_TRUE(engine.container(foreign).has_value());
}

TEST_F(FaultTest, ACommandThatDoesNotExistEndsTheEnvironmentWithItsReason) {
  fakes::Behaviour broken;
  broken.fails_to_start = base::error(Reason::CommandNotFound, "exec: \"/nope\": no such file or directory");
  engine.behave("app", broken);
  create(environment("shop", {service("app")}));
  run(30s);
  EXPECT_EQ(phase("shop"), "Failed");
  EXPECT_THAT(crd::dump(status("shop")), HasSubstr("CommandNotFound"));
  EXPECT_TRUE(engine.containers().empty() && engine.networks().empty());
}

TEST_F(FaultTest, BerthdThatDiesInTheMiddleGoesOnWhereItWas) {
  engine.latency = {{"network_create", 100ms}, {"container_create", 50ms}, {"container_start", 300ms}};
  // Wherever it is interrupted, the next one finds what the engine went on to do.
  for (int i = 0; i < 12; ++i) {
    const auto name = "env" + std::to_string(i);
    create(two_services(name));
    run(60ms * i);
    stop();
    run(1s);
    start();
    run(20s);
    ASSERT_EQ(phase(name), "Ready") << i;
    ASSERT_EQ(engine.containers().size(), 2u) << i;
    ASSERT_EQ(engine.networks().size(), 1u) << i;
    remove(name);
    run(60ms * i);
    stop();
    run(1s);
    start();
    run(20s);
    ASSERT_EQ(phase(name), "gone") << i;
    ASSERT_TRUE(engine.containers().empty() && engine.networks().empty()) << i;
  }
}

}  // namespace
}  // namespace berth::reconcile
