#include <algorithm>

#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"

namespace berth::engine {

namespace {

constexpr std::int64_t kGoDirectory = std::int64_t{1} << 31;

// v1 counts the descendants, too, under a name of its own.
std::int64_t inactive_files(const json& stats) {
  const auto v1 = fields::number(stats, "total_inactive_file");
  return v1 > 0 ? v1 : fields::number(stats, "inactive_file");
}

std::int64_t bytes_of(const json& entries, char operation) {
  std::int64_t sum = 0;
  if (!entries.is_array()) return sum;
  for (const auto& entry : entries) {
    const auto name = fields::text(entry, "op");
    if (!name.empty() && (name.front() | 0x20) == operation) sum += fields::number(entry, "value");
  }
  return sum;
}

}  // namespace

PathStat path_stat_from_json(const json& body) {
  PathStat stat;
  const auto mode = fields::number(body, "mode");
  stat.name = fields::text(body, "name");
  stat.size = fields::number(body, "size");
  stat.mode = static_cast<std::uint32_t>(mode & 0777);
  stat.directory = (mode & kGoDirectory) != 0;
  stat.link_target = fields::text(body, "linkTarget");
  return stat;
}

ContainerStats stats_from_json(const json& body) {
  ContainerStats stats;
  stats.read = fields::time(body, "read");
  stats.cpu_nanos = fields::number(fields::member(fields::member(body, "cpu_stats"), "cpu_usage"), "total_usage");
  const auto& memory = fields::member(body, "memory_stats");
  const auto usage = fields::number(memory, "usage");
  const auto inactive = inactive_files(fields::member(memory, "stats"));
  stats.memory_bytes = inactive < usage ? usage - inactive : usage;
  stats.memory_limit = fields::number(memory, "limit");
  for (const auto& [name, network] : fields::member(body, "networks").items()) {
    stats.received_bytes += fields::number(network, "rx_bytes");
    stats.sent_bytes += fields::number(network, "tx_bytes");
  }
  const auto& blocks = fields::member(fields::member(body, "blkio_stats"), "io_service_bytes_recursive");
  stats.read_bytes = bytes_of(blocks, 'r');
  stats.written_bytes = bytes_of(blocks, 'w');
  stats.pids = fields::number(fields::member(body, "pids_stats"), "current");
  return stats;
}

}  // namespace berth::engine
