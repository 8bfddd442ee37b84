#include "controller/plan/names.h"
#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

// What the series of the environments show of what happens.
struct SeriesTest : ReconcileWorld {
  double drift(const std::string& kind) const { return metric("berth_drift_total{kind=\"" + kind + "\"}"); }
  double removed(const std::string& kind, const std::string& cause) const {
    return metric("berth_cleanup_objects_total{cause=\"" + cause + "\",kind=\"" + kind + "\"}");
  }
  double ports(const std::string& state) {
    berthd->report_times();
    return metric("berth_ports{host=\"local\",state=\"" + state + "\"}");
  }
  double subnets(const std::string& state) {
    berthd->report_times();
    return metric("berth_subnets{host=\"local\",state=\"" + state + "\"}");
  }
};

TEST_F(SeriesTest, EveryKindOfDriftIsCounted) {
  create(two_services("shop"));
  run(5s);
  const std::string network = status("shop")["network"]["name"];
  engine.kill(container_of("shop", "api"));
  run(5s);
  EXPECT_EQ(drift("container_died"), 1);
  engine.remove_behind_back(container_of("shop", "api"));
  run(5s);
  EXPECT_EQ(drift("container_removed"), 1);
  engine.disconnect_behind_back(network, container_of("shop", "api"));
  run(5s);
  EXPECT_EQ(drift("network_disconnected"), 1);
  engine.remove_network_behind_back(network);
  run(30s);
  EXPECT_EQ(drift("network_removed"), 1);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_GE(metric("berth_time_to_heal_seconds_count"), 4);
}

TEST_F(SeriesTest, RemovalsAreCountedByTheirCause) {
  create(environment("brief", {service("a")}, {{"ttlSeconds", 10}}));
  run(15s);
  EXPECT_EQ(removed("container", "expired"), 1);
  EXPECT_EQ(removed("network", "expired"), 1);

  json once = service("once");
  once["restartPolicy"] = "Never";
  create(environment("batch", {once}));
  run(3s);
  engine.kill(container_of("batch", "once"), 3);
  run(5s);
  EXPECT_EQ(removed("container", "failed"), 1);
  EXPECT_EQ(removed("network", "failed"), 1);

  create(environment("shop", {service("a"), service("b")}));
  run(3s);
  change_spec("shop", [](json& spec) { spec["services"][0]["args"] = {"other"}; });
  run(3s);
  EXPECT_EQ(removed("container", "replaced"), 1);
  change_spec("shop", [](json& spec) { spec["network"]["internal"] = true; });
  run(10s);
  EXPECT_EQ(removed("network", "replaced"), 1);
  change_spec("shop", [](json& spec) { spec["services"].erase(1); });
  run(3s);
  EXPECT_EQ(removed("container", "orphan"), 1) << "a service that left the spec";
}

TEST_F(SeriesTest, FailedRemovalsAreCountedWhateverTheirCause) {
  create(environment("brief", {service("a")}, {{"ttlSeconds", 10}}));
  run(5s);
  engine.inject({.operation = "container_remove", .times = 2, .error = base::error(Reason::EngineError, "device is busy")});
  run(20s);
  EXPECT_EQ(metric("berth_cleanup_failures_total{reason=\"EngineError\"}"), 2);
  EXPECT_EQ(removed("container", "expired"), 1);
}

TEST_F(SeriesTest, AStuckDeletionGrowsOld) {
  create(environment("shop", {service("a")}));
  run(5s);
  engine.inject({.operation = "container_remove", .times = 6, .error = base::error(Reason::EngineError, "device is busy")});
  remove("shop");
  run(10s);
  berthd->report_times();
  EXPECT_GE(metric("berth_terminating_oldest_seconds"), 10);
  EXPECT_THAT(status("shop").value("message", ""), testing::HasSubstr("device is busy"));
  run(5min);
  berthd->report_times();
  EXPECT_EQ(phase("shop"), "gone");
  EXPECT_EQ(metric("berth_terminating_oldest_seconds"), 0);
}

TEST_F(SeriesTest, ADeletionWhoseEndNobodySawGrowsNoOlder) {
  create(environment("shop", {service("a")}));
  run(5s);
  engine.inject({.operation = "container_remove", .times = -1, .error = base::error(Reason::EngineError, "device is busy")});
  remove("shop");
  run(10s);
  auto body = get("shop")->body();
  body["metadata"]["uid"] = "ffffffff-0000-4000-8000-000000000000";
  body["metadata"]["resourceVersion"] = "1000000";
  body["metadata"].erase("deletionTimestamp");
  auto another = Object::make(std::move(body));
  ASSERT_TRUE(another.has_value());
  berthd->environments().observe(*another);  // as a list after a lost watch shows it
  berthd->report_times();
  EXPECT_EQ(metric("berth_terminating_oldest_seconds"), 0);
}

TEST_F(SeriesTest, PortsAndSubnetsAreCountedByState) {
  const auto all_subnets = subnets("free");
  EXPECT_EQ(ports("free"), 100);
  EXPECT_EQ(all_subnets, 32);
  engine.hold_port("127.0.0.1", 30000);
  engine.add_foreign_network("vpn", "10.213.0.0/27");
  create(two_services("shop"));
  run(10s);
  ASSERT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(ports("leased"), 1);
  EXPECT_EQ(ports("quarantined"), 1);
  EXPECT_EQ(ports("free"), 98);
  EXPECT_EQ(subnets("leased"), 1);
  EXPECT_EQ(subnets("quarantined"), 1);
  EXPECT_EQ(subnets("free"), 30);
  run(6min);
  EXPECT_EQ(ports("quarantined"), 0) << "without a lease in between";
  EXPECT_EQ(ports("free"), 99);
  EXPECT_EQ(subnets("quarantined"), 0);
}

TEST_F(SeriesTest, AnEngineThatIsAwayIsDown) {
  EXPECT_EQ(metric("berth_engine_up{host=\"local\"}"), 1);
  engine.set_down(true);
  run(1s);
  EXPECT_EQ(metric("berth_engine_up{host=\"local\"}"), 0);
  engine.set_down(false);
  run(20s);
  EXPECT_EQ(metric("berth_engine_up{host=\"local\"}"), 1);
}

TEST_F(SeriesTest, OrphansAreCountedUntilTheyAreRemoved) {
  stop();
  const engine::Labels labels{{plan::kInstanceLabel, "test"}, {plan::kUidLabel, "0123456789abcdef"}, {plan::kNamespaceLabel, "ci"},
                              {plan::kEnvironmentLabel, "old"}, {plan::kServiceLabel, "redis"}, {plan::kSpecHashLabel, "x"}};
  engine.add_foreign_network("old-01234567", "10.213.0.0/27", labels);
  engine.add_foreign_container("old-redis-01234567", "old-01234567", labels);
  engine.inject({.operation = "network_remove", .times = 1, .error = base::error(Reason::EngineError, "device is busy")});
  start();
  run(5s);
  EXPECT_EQ(metric("berth_orphans{kind=\"network\"}"), 1);
  EXPECT_EQ(removed("container", "orphan"), 1);
  EXPECT_EQ(metric("berth_cleanup_failures_total{reason=\"EngineError\"}"), 1);
  run(3min);
  EXPECT_EQ(metric("berth_orphans{kind=\"network\"}"), 0);
  EXPECT_EQ(removed("network", "orphan"), 1);
}

}  // namespace
}  // namespace berth::reconcile
