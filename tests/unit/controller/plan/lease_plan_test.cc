#include "controller/plan/lease_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::ElementsAre;

struct Pools {
  PortAllocator ports{PortRange{30000, 30009}};
  SubnetAllocator subnets{parse_subnet("10.213.0.0/24").value()};
};

bool any(const PortKey&) { return true; }
bool none(const PortKey&) { return false; }

Result<Allocation> run(const Scene& scene, Pools& pools) { return allocate(scene.input, pools.ports, pools.subnets, any); }

std::vector<std::string> lines(const Leases& leases) {
  std::vector<std::string> text;
  for (const PortLease& lease : leases.ports) {
    text.push_back(lease.endpoint + " " + lease.host_ip + ":" + std::to_string(lease.host_port) + "->" +
                   std::to_string(lease.container_port));
  }
  return text;
}

TEST(Allocate, GivesEveryPortAndTheSubnet) {
  Scene scene;
  scene.input.leases = {};
  scene.port("postgres", "sql", 5432);
  scene.port("redis", "", 6379);
  EXPECT_FALSE(leases_complete(scene.input));
  EXPECT_EQ(describe_missing(scene.input), "no lease for postgres.sql, redis.6379, the subnet");
  Pools pools;
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation);
  EXPECT_EQ(allocation->leases.subnet, "10.213.0.0/27");
  EXPECT_THAT(lines(allocation->leases), ElementsAre("postgres.sql 127.0.0.1:30000->5432", "redis.6379 127.0.0.1:30001->6379"));
  scene.input.leases = allocation->leases;
  EXPECT_TRUE(leases_complete(scene.input));
  EXPECT_FALSE(leases_outdated(scene.input));
}

TEST(Allocate, AgainAfterALostCommitGivesTheSame) {
  Scene scene;
  scene.input.leases = {};
  scene.port("postgres", "sql", 5432);
  Pools pools;
  const auto first = run(scene, pools);
  const auto second = run(scene, pools);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->leases, second->leases);
}

TEST(Allocate, KeepsWhatTheStatusHoldsWhenTheContainerPortChanges) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30007);
  scene.service("postgres").ports.front().container_port = 5433;
  EXPECT_TRUE(leases_outdated(scene.input));
  Pools pools;
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation);
  EXPECT_THAT(lines(allocation->leases), ElementsAre("postgres.sql 127.0.0.1:30007->5433"));
}

TEST(Allocate, AnExplicitPortIsChargedAndAConflictNamesItsHolder) {
  Scene scene;
  scene.port("postgres", "sql", 5432).host_port = 5432;
  Pools pools;
  ASSERT_TRUE(run(scene, pools));
  EXPECT_EQ(pools.ports.holder({"127.0.0.1", crd::Protocol::Tcp, 5432}), "0a1b2c3d-0000/postgres.sql");

  scene.input.uid = "other-uid";
  const auto refused = run(scene, pools);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::PortConflict);
  EXPECT_EQ(refused.error().message, "port 127.0.0.1:5432 is held by postgres.sql of " + scene.input.ns + "/" + scene.input.name);
}

TEST(Allocate, WhatCannotBeDoneLeavesTheEnvironmentWhatItHad) {
  Scene scene;
  scene.port("a", "x", 1);
  scene.input.leases = {};
  Pools pools;
  scene.input.leases = run(scene, pools)->leases;  // a.x has 30000
  ASSERT_TRUE(pools.ports.charge({"127.0.0.1", crd::Protocol::Tcp, 5432}, "other/z", "z of ci/other"));
  scene.port("b", "y", 2).host_port = 30000;  // takes it from a.x
  scene.port("c", "z", 3).host_port = 5432;
  const auto refused = run(scene, pools);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "port 127.0.0.1:5432 is held by z of ci/other");
  EXPECT_EQ(pools.ports.holder({"127.0.0.1", crd::Protocol::Tcp, 30000}), "0a1b2c3d-0000/a.x");
  EXPECT_EQ(pools.ports.counts({}).leased, 2);
  EXPECT_EQ(pools.subnets.held_by(scene.input.uid)->str(), scene.input.leases.subnet);
}

TEST(Allocate, AnExplicitPortTakesTheLeaseOfTheSameEnvironment) {
  Scene scene;
  scene.port("a", "x", 1);
  scene.input.leases = {};
  Pools pools;
  scene.input.leases = run(scene, pools)->leases;  // a.x has 30000
  scene.port("b", "y", 2).host_port = 30000;
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation) << allocation.error().message;
  EXPECT_THAT(lines(allocation->leases), ElementsAre("a.x 127.0.0.1:30001->1", "b.y 127.0.0.1:30000->2"));
}

TEST(Allocate, AnExplicitPortThatIsAskedForTwiceIsAConflictThatNamesBoth) {
  Scene scene;
  scene.port("a", "x", 1).host_port = 4000;
  scene.port("b", "y", 2).host_port = 4000;
  Pools pools;
  const auto refused = run(scene, pools);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::PortConflict);
  EXPECT_EQ(refused.error().message, "hostPort 4000 is asked for twice: a.x and b.y");
  scene.service("b").ports.front().protocol = crd::Protocol::Udp;
  EXPECT_TRUE(run(scene, pools)) << "another protocol is another port";
}

TEST(Allocate, ExplicitPortsMayChangePlaces) {
  Scene scene;
  scene.port("a", "x", 1).host_port = 4000;
  scene.port("b", "y", 2).host_port = 4001;
  Pools pools;
  scene.input.leases = run(scene, pools)->leases;
  std::swap(scene.service("a").ports.front().host_port, scene.service("b").ports.front().host_port);
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation) << allocation.error().message;
  EXPECT_THAT(lines(allocation->leases), ElementsAre("a.x 127.0.0.1:4001->1", "b.y 127.0.0.1:4000->2"));
}

TEST(Allocate, AnErrorChangesNothing) {
  Scene scene;
  scene.input.leases = {};
  scene.port("a", "x", 1);
  scene.port("b", "y", 2).host_port = 4000;
  Pools pools;
  ASSERT_TRUE(pools.ports.charge({"0.0.0.0", crd::Protocol::Tcp, 4000}, "other/z"));
  EXPECT_FALSE(run(scene, pools));
  EXPECT_EQ(pools.ports.counts(scene.input.now).leased, 1);
  EXPECT_EQ(pools.subnets.counts(scene.input.now).leased, 0);
}

TEST(Allocate, APortThatNothingWantsGoesBackOnceNoContainerMayPublishIt) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30000);
  scene.port("redis", "redis", 6379, "", 30001);
  scene.network();
  scene.running("postgres");
  scene.running("redis");
  scene.input.spec.services.pop_back();
  EXPECT_FALSE(leases_outdated(scene.input)) << "redis still runs";
  scene.input.actual.containers.pop_back();
  EXPECT_TRUE(leases_outdated(scene.input));
  scene.input.memory.busy.insert(service_target("redis"));
  EXPECT_FALSE(leases_outdated(scene.input)) << "a create that is in flight may still publish it";
  scene.input.memory.busy.clear();
  Pools pools;
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets));
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation);
  EXPECT_THAT(lines(allocation->leases), ElementsAre("postgres.sql 127.0.0.1:30000->5432"));
  EXPECT_EQ(pools.ports.counts(scene.input.now).leased, 1);
}

TEST(Allocate, ForAnotherPortKeepsWhatIsStillPublished) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30000);
  scene.port("redis", "redis", 6379, "", 30001);
  scene.network();
  scene.running("redis");
  scene.input.spec.services.pop_back();
  scene.port("api", "http", 80);
  Pools pools;
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets));
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation);
  EXPECT_THAT(lines(allocation->leases), ElementsAre("redis.redis 127.0.0.1:30001->6379", "postgres.sql 127.0.0.1:30000->5432",
                                                     "api.http 127.0.0.1:30002->80"));
  EXPECT_EQ(pools.ports.holder({"127.0.0.1", crd::Protocol::Tcp, 30001}), "0a1b2c3d-0000/redis.redis");
}

TEST(Allocate, AnEndedEnvironmentGivesAllBackWhenTheEngineIsEmpty) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30000);
  scene.input.status["phase"] = "Expired";
  Pools pools;
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets));
  const auto allocation = run(scene, pools);
  ASSERT_TRUE(allocation);
  EXPECT_EQ(allocation->leases, Leases{});
  EXPECT_EQ(pools.ports.counts(scene.input.now).leased, 0);
  EXPECT_EQ(pools.subnets.counts(scene.input.now).leased, 0);
}

TEST(Allocate, AnEndedEnvironmentKeepsAllWhileSomethingIsLeftOnTheEngine) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30000);
  scene.network();
  scene.running("postgres");
  scene.input.status["phase"] = "Expired";
  EXPECT_FALSE(leases_outdated(scene.input));
  Pools pools;
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets));
  EXPECT_EQ(run(scene, pools)->leases, scene.input.leases);
  scene.input.actual.containers.clear();
  EXPECT_FALSE(leases_outdated(scene.input)) << "the network holds the subnet";
}

TEST(Allocate, AnExplicitSubnetIsUsedOrRefused) {
  Scene scene;
  scene.service("a");
  scene.input.spec.network_subnet = "10.99.0.0/24";
  Pools pools;
  EXPECT_EQ(run(scene, pools)->leases.subnet, "10.99.0.0/24");
  pools.subnets.set_blocked({parse_subnet("10.99.0.0/16").value()});
  const auto refused = run(scene, pools);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::SubnetConflict);
}

TEST(Allocate, MoreServicesThanAddressesNeedALargerSubnet) {
  Scene scene;
  scene.input.leases.subnet = "10.213.0.0/29";
  for (int i = 0; i < 5; ++i) scene.service("s" + std::to_string(i));
  EXPECT_TRUE(subnet_complete(scene.input));
  scene.service("one-too-many");
  EXPECT_FALSE(subnet_complete(scene.input));
}

TEST(Allocate, AFallbackIsReported) {
  Scene scene;
  scene.input.leases = {};
  scene.port("a", "x", 1);
  PortAllocator ports({30000, 30000});
  SubnetAllocator subnets(parse_subnet("10.213.0.0/24").value());
  ASSERT_TRUE(ports.charge({"127.0.0.1", crd::Protocol::Tcp, 30000}, "other/z"));
  const auto allocation = allocate(scene.input, ports, subnets, any);
  ASSERT_TRUE(allocation);
  ASSERT_EQ(allocation->fallbacks.size(), 1u);
  EXPECT_EQ(allocation->fallbacks.front().endpoint, "a.x");
  EXPECT_EQ(allocate(Scene(scene).input, ports, subnets, none)->leases, allocation->leases) << "held already";
}

TEST(MovePort, QuarantinesTheOldAndLeasesAnother) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30000);
  Pools pools;
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets));
  const auto moved = move_port(scene.input, "postgres.sql", pools.ports, scene.input.now + 60s, any);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->leases.ports.front().host_port, 30001);
  EXPECT_EQ(pools.ports.counts(scene.input.now).quarantined, 1);
  EXPECT_EQ(pools.ports.counts(scene.input.now).leased, 1);
  EXPECT_EQ(move_port(scene.input, "nobody.here", pools.ports, scene.input.now, any).error().reason, Reason::NotFound);
}

TEST(MovePort, WhenThereIsNoOtherTheOldOneIsKept) {
  Scene scene;
  scene.port("postgres", "sql", 5432, "", 30000);
  PortAllocator ports({30000, 30000});
  SubnetAllocator subnets(parse_subnet("10.213.0.0/24").value());
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", ports, subnets));
  const auto moved = move_port(scene.input, "postgres.sql", ports, scene.input.now + 60s, none);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().reason, Reason::PortsExhausted);
  EXPECT_EQ(ports.holder({"127.0.0.1", crd::Protocol::Tcp, 30000}), "0a1b2c3d-0000/postgres.sql");
}

TEST(MoveSubnet, QuarantinesTheOldAndLeasesAnother) {
  Scene scene;
  scene.service("a");
  Pools pools;
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets));
  const auto moved = move_subnet(scene.input, pools.subnets, scene.input.now + 60s);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->leases.subnet, "10.213.0.32/27");
  EXPECT_EQ(pools.subnets.counts(scene.input.now).quarantined, 1);
}

TEST(MoveSubnet, WhenThereIsNoOtherTheOldOneIsKept) {
  Scene scene;
  scene.service("a");
  PortAllocator ports({30000, 30009});
  SubnetAllocator subnets(parse_subnet("10.213.0.0/27").value());
  ASSERT_TRUE(charge(scene.input.leases, scene.input.uid, "ci/shop", ports, subnets));
  const auto moved = move_subnet(scene.input, subnets, scene.input.now + 60s);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().reason, Reason::SubnetExhausted);
  EXPECT_EQ(subnets.holder(parse_subnet("10.213.0.0/27").value()), scene.input.uid);
}

TEST(Charge, NamesTheOtherHolderAndChargesTheRest) {
  Scene scene;
  scene.port("a", "x", 1, "", 30000);
  scene.port("b", "y", 2, "", 30001);
  Pools pools;
  ASSERT_TRUE(pools.ports.charge({"127.0.0.1", crd::Protocol::Tcp, 30000}, "other/z"));
  const auto charged = charge(scene.input.leases, scene.input.uid, "ci/shop", pools.ports, pools.subnets);
  ASSERT_FALSE(charged);
  EXPECT_NE(charged.error().message.find("other/z"), std::string::npos);
  EXPECT_EQ(pools.ports.holder({"127.0.0.1", crd::Protocol::Tcp, 30001}), "0a1b2c3d-0000/b.y");
}

}  // namespace
}  // namespace berth::plan
