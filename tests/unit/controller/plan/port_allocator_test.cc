#include "controller/plan/port_allocator.h"

#include <gtest/gtest.h>

namespace berth::plan {
namespace {

using crd::Protocol;
using namespace std::chrono_literals;

const base::SystemTime kNow{};

bool yes(const PortKey&) { return true; }
bool no(const PortKey&) { return false; }

std::uint16_t leased(PortAllocator& ports, const std::string& owner, base::SystemTime now = kNow) {
  const auto lease = ports.lease("127.0.0.1", Protocol::Tcp, owner, now, yes);
  return lease ? lease->key.port : 0;
}

TEST(PortRange, IsReadOrRefusedWithWhatWouldBeRight) {
  const auto range = parse_port_range("30000-31999");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 30000);
  EXPECT_EQ(range->last, 31999);
  EXPECT_TRUE(parse_port_range("1024-1024"));
  for (const char* wrong : {"", "30000", "-", "30000-", "-30000", "31999-30000", "80-90", "30000-65536", "30000-31999 ", "a-b",
                            "30000--31999", "+30000-31999"}) {
    const auto refused = parse_port_range(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().reason, Reason::Invalid);
    EXPECT_NE(refused.error().message.find("30000-31999"), std::string::npos) << refused.error().message;
  }
}

TEST(PortAllocator, GoesOnAfterTheLastOneSoThatAFreedPortRests) {
  PortAllocator ports({30000, 30003});
  EXPECT_EQ(leased(ports, "u1/a"), 30000);
  EXPECT_EQ(leased(ports, "u1/b"), 30001);
  ports.release({"127.0.0.1", Protocol::Tcp, 30000}, "u1/a");
  EXPECT_EQ(leased(ports, "u2/a"), 30002);
  EXPECT_EQ(leased(ports, "u2/b"), 30003);
  EXPECT_EQ(leased(ports, "u2/c"), 30000);
}

TEST(PortAllocator, EvenTheOneLeasedLastRestsWhenItIsFreed) {
  PortAllocator ports({30000, 30003});
  EXPECT_EQ(leased(ports, "u1/a"), 30000);
  ports.release({"127.0.0.1", Protocol::Tcp, 30000}, "u1/a");
  EXPECT_EQ(leased(ports, "u2/a"), 30001);
}

TEST(PortAllocator, AnOwnerKeepsWhatItHolds) {
  PortAllocator ports({30000, 30003});
  EXPECT_EQ(leased(ports, "u1/a"), 30000);
  EXPECT_EQ(leased(ports, "u1/a"), 30000);
  EXPECT_EQ(ports.counts(kNow).leased, 1);
}

TEST(PortAllocator, TheWildcardAddressExcludesEveryOther) {
  PortAllocator ports({30000, 30001});
  ASSERT_TRUE(ports.charge({"0.0.0.0", Protocol::Tcp, 30000}, "u1/a"));
  const auto refused = ports.charge({"127.0.0.1", Protocol::Tcp, 30000}, "u2/a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::PortConflict);
  EXPECT_EQ(refused.error().message, "port 127.0.0.1:30000 is held by u1/a");
  EXPECT_EQ(leased(ports, "u2/a"), 30001);
  EXPECT_FALSE(ports.charge({"0.0.0.0", Protocol::Tcp, 30001}, "u3/a"));
}

TEST(PortAllocator, ProtocolsAndAddressesAreApart) {
  PortAllocator ports({30000, 30001});
  EXPECT_TRUE(ports.charge({"127.0.0.1", Protocol::Tcp, 30000}, "u1/a"));
  EXPECT_TRUE(ports.charge({"127.0.0.1", Protocol::Udp, 30000}, "u1/b"));
  EXPECT_TRUE(ports.charge({"127.0.0.1", Protocol::Sctp, 30000}, "u1/c"));
  const auto taken = ports.charge({"0.0.0.0", Protocol::Sctp, 30000}, "u2/c");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "port 0.0.0.0:30000/sctp is held by u1/c");
  EXPECT_TRUE(ports.charge({"127.0.0.2", Protocol::Tcp, 30000}, "u1/c"));
  EXPECT_TRUE(ports.charge({"127.0.0.1", Protocol::Tcp, 30000}, "u1/a"));
  EXPECT_EQ(ports.holder({"127.0.0.2", Protocol::Tcp, 30000}), "u1/c");
  EXPECT_EQ(ports.holder({"127.0.0.3", Protocol::Tcp, 30000}), "");
  EXPECT_TRUE(excludes({"127.0.0.1", Protocol::Tcp, 30000}, {"0.0.0.0", Protocol::Tcp, 30000}));
  EXPECT_FALSE(excludes({"127.0.0.1", Protocol::Tcp, 30000}, {"127.0.0.1", Protocol::Udp, 30000}));
}

TEST(PortAllocator, AQuarantinedPortIsPassedOverUntilItsTime) {
  PortAllocator ports({30000, 30001});
  ports.quarantine({"127.0.0.1", Protocol::Tcp, 30000}, kNow + 60s);
  EXPECT_EQ(ports.counts(kNow).quarantined, 1);
  EXPECT_EQ(leased(ports, "u1/a", kNow), 30001);
  EXPECT_EQ(leased(ports, "u1/b", kNow + 60s), 30000);
}

TEST(PortAllocator, AFullRangeFallsBackToAFixedPortOutsideIt) {
  PortAllocator ports({30000, 30000});
  EXPECT_EQ(leased(ports, "u1/a"), 30000);
  const auto lease = ports.lease("127.0.0.1", Protocol::Tcp, "u1/b", kNow, [](const PortKey& key) { return key.port >= 61005; });
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->fallback);
  EXPECT_EQ(lease->key.port, 61005);
  EXPECT_EQ(ports.holder(lease->key), "u1/b");
}

TEST(PortAllocator, WhatTheKernelGivesToConnectionsComesAfterTheRest) {
  PortAllocator ports({30000, 30000});
  leased(ports, "u1/a");
  const auto lease = ports.lease("127.0.0.1", Protocol::Tcp, "u1/b", kNow,
                                 [](const PortKey& key) { return key.port == 40000 || key.port == 15000; });
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->key.port, 15000);
}

TEST(PortAllocator, NothingFreeAnywhereIsAnError) {
  PortAllocator ports({30000, 30000});
  leased(ports, "u1/a");
  const auto refused = ports.lease("127.0.0.1", Protocol::Tcp, "u1/b", kNow, no);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::PortsExhausted);
  EXPECT_EQ(ports.counts(kNow).leased, 1);
}

TEST(PortAllocator, OnlyTheHolderCanRelease) {
  PortAllocator ports({30000, 30001});
  leased(ports, "u1/a");
  ports.release({"127.0.0.1", Protocol::Tcp, 30000}, "u2/a");
  ports.release({"127.0.0.1", Protocol::Tcp, 30001}, "u1/a");
  EXPECT_EQ(ports.holder({"127.0.0.1", Protocol::Tcp, 30000}), "u1/a");
}

TEST(PortAllocator, ReleaseAllTakesOneEnvironmentAndNoOtherThatStartsAlike) {
  PortAllocator ports({30000, 30009});
  leased(ports, "u1/a");
  leased(ports, "u1/b");
  leased(ports, "u11/a");
  ports.release_all("u1");
  EXPECT_EQ(ports.counts(kNow).leased, 1);
  EXPECT_EQ(ports.holder({"127.0.0.1", Protocol::Tcp, 30002}), "u11/a");
  ports.release_all("");
  EXPECT_EQ(ports.counts(kNow).leased, 1);
}

TEST(PortAllocator, CountsCoverTheRangeOnce) {
  PortAllocator ports({30000, 30009});
  leased(ports, "u1/a");
  ASSERT_TRUE(ports.charge({"127.0.0.1", Protocol::Tcp, 9999}, "u1/b"));
  ports.quarantine({"127.0.0.1", Protocol::Tcp, 30005}, kNow + 1s);
  const auto counts = ports.counts(kNow);
  EXPECT_EQ(counts.free, 8);
  EXPECT_EQ(counts.leased, 2);
  EXPECT_EQ(counts.quarantined, 1);
}

}  // namespace
}  // namespace berth::plan
