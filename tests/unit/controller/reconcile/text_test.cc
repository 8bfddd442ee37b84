#include "controller/reconcile/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/reconcile/host_network.h"
#include "controller/reconcile/owner.h"
#include "controller/reconcile/retry_policy.h"
#include "controller/reconcile/status_events.h"
#include "controller/plan/names.h"

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Text, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(valid_utf8("ok \xC3\xA4 \xFF \xC3"), "ok \xC3\xA4 \xEF\xBF\xBD \xEF\xBF\xBD");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80").size(), 12u);                          // beyond Unicode
  EXPECT_EQ(valid_utf8(std::string_view("a\0b\x1b[0m\tc\n", 10)), "ab[0m\tc\n");
}

TEST(Text, ALogTailKeepsWholeLinesFromTheEnd) {
  EXPECT_EQ(log_tail("one\ntwo\nthree\n", 9), "three");
  EXPECT_EQ(log_tail("short\n", 100), "short");
  EXPECT_EQ(log_tail(std::string(5000, 'x')).size(), 4096u);
  EXPECT_EQ(log_tail("\xC3\xA4\xC3\xA4\xC3\xA4", 3), "\xC3\xA4");
}

TEST(HostNetwork, ReadsTheRoutingTable) {
  const auto routes = parse_routes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "br-0123456789ab\t0000D50A\t00000000\t0001\t0\t0\t0\tE0FFFFFF\t0\t0\t0\n"
      "br-lan\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "garbage\n");
  ASSERT_THAT(routes, SizeIs(2));
  EXPECT_EQ(routes[0].str(), "192.168.1.0/24");
  EXPECT_EQ(routes[1].str(), "192.168.2.0/24") << "somebody's own bridge is not the engine's";
  EXPECT_THAT(parse_routes(""), IsEmpty());
}

TEST(Owner, WhatLacksOurInstanceOrAUidIsNotOurs) {
  engine::Labels labels{{plan::kInstanceLabel, "a"}, {plan::kUidLabel, "u"}, {plan::kNamespaceLabel, "ci"}, {plan::kEnvironmentLabel, "e"}};
  ASSERT_TRUE(owner_of(labels, "a"));
  EXPECT_EQ(owner_of(labels, "a")->key.str(), "ci/e");
  EXPECT_FALSE(owner_of(labels, "b"));
  EXPECT_FALSE(owner_of(labels, ""));
  EXPECT_FALSE(owner_of({{plan::kInstanceLabel, ""}}, ""));
  labels.erase(plan::kUidLabel);
  EXPECT_FALSE(owner_of(labels, "a"));
}

TEST(RetryPolicy, GrowsAndIsGentleToRegistries) {
  EXPECT_LE(retry_delay(Reason::RemovalInProgress, 1), 200ms);
  EXPECT_GE(retry_delay(Reason::PullRateLimited, 1), 30s);
  for (const auto reason : {Reason::EngineUnavailable, Reason::EngineError, Reason::ImagePullFailed, Reason::PortConflict}) {
    EXPECT_GT(retry_delay(reason, 4), retry_delay(reason, 1));
    EXPECT_LE(retry_delay(reason, 100), 10min);
  }
}

TEST(StatusEvents, TellsReadyOnceAndWhatIsMissingWhenDegraded) {
  const json ready = {{"phase", "Ready"}, {"services", {{{"name", "db"}, {"ready", true}, {"state", "Running"}}}}};
  const json degraded = {{"phase", "Degraded"},
                         {"services", {{{"name", "db"}, {"ready", false}, {"state", "Running"}, {"reason", "ProbeFailed"}, {"message", "readiness probe failed: refused"}}}}};
  EXPECT_THAT(announcements(ready, ready), IsEmpty());
  EXPECT_THAT(announcements(json::object(), ready), SizeIs(1));
  const auto told = announcements(ready, degraded);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].reason, "Unhealthy");
  EXPECT_EQ(told[1].reason, "Degraded");
  EXPECT_EQ(told[1].message, "Not ready any more: db: readiness probe failed: refused");
}

}  // namespace
}  // namespace berth::reconcile
