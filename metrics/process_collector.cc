#include "metrics/process_collector.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace berth::metrics {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

struct Stat {
  double cpu_seconds = 0;
  double start_ticks = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// proc(5): /proc/[pid]/stat. The command in parentheses may hold anything, so counting begins behind it.
std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto command_end = line.rfind(')');
  if (command_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(command_end + 1));
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  Stat stat;
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    if (number == 14 || number == 15) stat.cpu_seconds += std::stod(field) / ticks;
    if (number == 22) stat.start_ticks = std::stod(field);
    if (number == 23) stat.virtual_bytes = std::stod(field);
    if (number == 24) {
      stat.resident_bytes = std::stod(field) * static_cast<double>(::sysconf(_SC_PAGESIZE));
      return stat;
    }
  }
  return std::nullopt;
}

std::optional<double> read_boot_time() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("btime ", 0) == 0) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

std::optional<double> count_open_files() {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = -1;  // the directory itself is one of them
  for (auto it = begin(files); it != end(files); it.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count;
}

MetricFamily family(const char* name, const char* help, MetricType type, double value) {
  prometheus::ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return MetricFamily{name, help, type, {metric}};
}

}  // namespace

std::vector<MetricFamily> collect_process() {
  std::vector<MetricFamily> families;
  const auto gauge = [&](const char* name, const char* help, double value) {
    families.push_back(family(name, help, MetricType::Gauge, value));
  };
  if (const auto stat = read_stat()) {
    families.push_back(family("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                              MetricType::Counter, stat->cpu_seconds));
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", stat->resident_bytes);
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat->virtual_bytes);
    if (const auto boot = read_boot_time()) {
      gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            *boot + stat->start_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
    }
  }
  if (const auto count = count_open_files()) {
    gauge("process_open_fds", "Number of open file descriptors.", *count);
  }
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    gauge("process_max_fds", "Maximum number of open file descriptors.", static_cast<double>(files.rlim_cur));
  }
  return families;
}

}  // namespace berth::metrics
