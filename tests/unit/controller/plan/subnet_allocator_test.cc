#include "controller/plan/subnet_allocator.h"

#include <gtest/gtest.h>

namespace berth::plan {
namespace {

using namespace std::chrono_literals;

const base::SystemTime kNow{};

Subnet net(const char* text) { return parse_subnet(text).value(); }

std::string leased(SubnetAllocator& subnets, const std::string& owner, int hosts = 5, base::SystemTime now = kNow) {
  const auto lease = subnets.lease(hosts, owner, now);
  return lease ? lease->str() : std::string(to_string(lease.error().reason));
}

TEST(Subnet, KnowsItsFirstAddressAndItsRoom) {
  EXPECT_EQ(net("10.213.0.32/27").str(), "10.213.0.32/27");
  EXPECT_EQ(net("10.213.0.32/27").gateway(), "10.213.0.33");
  EXPECT_EQ(net("10.213.0.32/27").usable_hosts(), 29);
  EXPECT_EQ(net("10.0.0.0/28").usable_hosts(), 13);
  EXPECT_EQ(net("10.0.0.0/29").usable_hosts(), 5);
}

TEST(Subnet, OverlapIsSymmetricAndNotAdjacency) {
  EXPECT_TRUE(net("10.0.0.0/16").overlaps(net("10.0.3.0/24")));
  EXPECT_TRUE(net("10.0.3.0/24").overlaps(net("10.0.0.0/16")));
  EXPECT_FALSE(net("10.0.0.0/24").overlaps(net("10.0.1.0/24")));
  EXPECT_TRUE(net("255.255.255.0/24").overlaps(net("255.255.255.248/29")));
}

TEST(Subnet, WhatIsNoneIsRefused) {
  for (const char* wrong : {"", "10.0.0.0", "10.0.0/24", "10.0.0.0/", "10.0.0.0/7", "10.0.0.0/31", "10.0.0.0/33", "10.0.0.256/24",
                            "10.0.0.0.0/24", "10.0.0.0/24 ", "a.b.c.d/24", "010.0.0.0/24", "fd00::/64", "10.0.0.-1/24"}) {
    const auto refused = parse_subnet(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().reason, Reason::Invalid);
  }
}

TEST(Subnet, HostBitsAreRefusedWithTheNetworkThatWasMeant) {
  const auto refused = parse_subnet("10.200.0.5/28");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "subnet \"10.200.0.5/28\": has host bits set; the network is 10.200.0.0/28");
}

TEST(SubnetAllocator, SlicesAreGivenInSerialOrder) {
  SubnetAllocator subnets(net("10.213.0.0/25"));
  EXPECT_EQ(leased(subnets, "u1"), "10.213.0.0/27");
  EXPECT_EQ(leased(subnets, "u2"), "10.213.0.32/27");
  subnets.release("u1");
  EXPECT_EQ(leased(subnets, "u3"), "10.213.0.64/27");
  EXPECT_EQ(leased(subnets, "u4"), "10.213.0.96/27");
  EXPECT_EQ(leased(subnets, "u5"), "10.213.0.0/27");
  EXPECT_EQ(leased(subnets, "u6"), "SubnetExhausted");
}

TEST(SubnetAllocator, AnOwnerKeepsItsSubnetWhileItHasRoom) {
  SubnetAllocator subnets(net("10.213.0.0/24"));
  EXPECT_EQ(leased(subnets, "u1", 5), "10.213.0.0/27");
  EXPECT_EQ(leased(subnets, "u1", 29), "10.213.0.0/27");
  EXPECT_EQ(leased(subnets, "u1", 30), "10.213.0.64/26");
  EXPECT_EQ(subnets.holder(net("10.213.0.0/27")), "") << "the smaller one is free again";
  EXPECT_EQ(subnets.counts(kNow).leased, 1);
}

TEST(SubnetAllocator, ManyContainersGetALargerSliceOrAReason) {
  SubnetAllocator subnets(net("10.213.0.0/26"));
  EXPECT_EQ(leased(subnets, "u1", 61), "10.213.0.0/26");
  EXPECT_EQ(leased(subnets, "u2", 62), "SubnetExhausted");
}

TEST(SubnetAllocator, BlockedAndQuarantinedNetworksArePassedOver) {
  SubnetAllocator subnets(net("10.213.0.0/25"));
  subnets.set_blocked({net("10.213.0.0/28")});
  subnets.quarantine(net("10.213.0.32/27"), kNow + 60s);
  EXPECT_EQ(leased(subnets, "u1"), "10.213.0.64/27");
  EXPECT_EQ(leased(subnets, "u2"), "10.213.0.96/27");
  EXPECT_EQ(leased(subnets, "u3"), "SubnetExhausted");
  EXPECT_EQ(leased(subnets, "u3", 5, kNow + 60s), "10.213.0.32/27");
}

TEST(SubnetAllocator, AnExplicitSubnetIsCheckedAgainstHoldersAndTheHost) {
  SubnetAllocator subnets(net("10.213.0.0/25"));
  leased(subnets, "u1");
  subnets.set_blocked({net("192.168.0.0/16")});
  EXPECT_TRUE(subnets.check(net("10.99.0.0/24"), "u2"));
  EXPECT_TRUE(subnets.check(net("10.213.0.0/27"), "u1"));
  const auto held = subnets.check(net("10.213.0.0/24"), "u2");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().message, "subnet 10.213.0.0/24 overlaps 10.213.0.0/27, held by u1");
  const auto route = subnets.check(net("192.168.1.0/24"), "u2");
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().reason, Reason::SubnetConflict);
}

TEST(SubnetAllocator, ChargingReplacesTheOwnersOwnAndRefusesOthers) {
  SubnetAllocator subnets(net("10.213.0.0/24"));
  ASSERT_TRUE(subnets.charge(net("10.213.0.0/27"), "u1"));
  ASSERT_TRUE(subnets.charge(net("10.213.0.0/26"), "u1"));
  EXPECT_FALSE(subnets.charge(net("10.213.0.32/27"), "u2"));
  EXPECT_EQ(subnets.holder(net("10.213.0.32/27")), "u1");
  subnets.release("u1");
  subnets.release("u1");
  EXPECT_EQ(subnets.holder(net("10.213.0.32/27")), "");
}

TEST(SubnetAllocator, CountsAreInSlices) {
  SubnetAllocator subnets(net("10.213.0.0/24"));
  leased(subnets, "u1");
  subnets.set_blocked({net("10.213.0.32/27")});
  subnets.quarantine(net("10.213.0.64/27"), kNow + 1s);
  const auto counts = subnets.counts(kNow);
  EXPECT_EQ(counts.leased, 1);
  EXPECT_EQ(counts.quarantined, 1);
  EXPECT_EQ(counts.free, 5);
}

}  // namespace
}  // namespace berth::plan
