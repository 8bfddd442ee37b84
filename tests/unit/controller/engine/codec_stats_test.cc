#include <gtest/gtest.h>

#include "controller/engine/codec.h"

namespace berth::engine {
namespace {

TEST(Stats, CountMemoryWithoutWhatTheKernelWouldGiveBack) {
  const auto memory = [](const char* stats) {
    return stats_from_json(json{{"memory_stats", {{"usage", 1000}, {"limit", 5000}, {"stats", json::parse(stats)}}}}).memory_bytes;
  };
  EXPECT_EQ(memory(R"({"inactive_file": 300, "active_file": 100})"), 700) << "cgroup v2";
  EXPECT_EQ(memory(R"({"total_inactive_file": 400, "inactive_file": 300})"), 600) << "cgroup v1";
  EXPECT_EQ(memory(R"({"inactive_file": 2000})"), 1000) << "more than there is";
  EXPECT_EQ(memory("{}"), 1000);
}

TEST(Stats, SumUpNetworksAndDevices) {
  const auto stats = stats_from_json(json::parse(R"({"read": "2026-11-27T10:00:00.5Z", "cpu_stats": {"cpu_usage": {"total_usage": 77}},
    "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 10, "tx_bytes": 20}}, "pids_stats": {"current": 4},
    "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 5}, {"op": "read", "value": 6}, {"op": "Write", "value": 7}, {"op": "Total", "value": 99}]}})"));
  EXPECT_EQ(stats.cpu_nanos, 77);
  EXPECT_EQ(stats.received_bytes, 11);
  EXPECT_EQ(stats.sent_bytes, 22);
  EXPECT_EQ(stats.read_bytes, 11);
  EXPECT_EQ(stats.written_bytes, 7);
  EXPECT_EQ(stats.pids, 4);
  EXPECT_EQ(stats.read, base::parse_time("2026-11-27T10:00:00.5Z"));
}

TEST(Stats, OfWhatDoesNotRunAreNone) {
  const auto stats = stats_from_json(json::parse(R"({"read": "0001-01-01T00:00:00Z", "networks": null, "blkio_stats": {"io_service_bytes_recursive": null}})"));
  EXPECT_EQ(stats.read, base::SystemTime{});
  EXPECT_EQ(stats.memory_bytes, 0);
}

TEST(PathStats, ReadTheModeOfGo) {
  const auto directory = path_stat_from_json(json::parse(R"({"name": "d", "size": 4096, "mode": 2147484141, "linkTarget": ""})"));
  EXPECT_TRUE(directory.directory);
  EXPECT_EQ(directory.mode, 0755u);
  const auto link = path_stat_from_json(json::parse(R"({"name": "l", "mode": 134218239, "linkTarget": "/etc/x"})"));
  EXPECT_FALSE(link.directory);
  EXPECT_EQ(link.link_target, "/etc/x");
}

}  // namespace
}  // namespace berth::engine
