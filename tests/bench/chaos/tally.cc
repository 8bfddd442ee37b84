#include "tests/bench/chaos/tally.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace berth::chaos {

namespace {

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

void Tally::happened(const Step& step, std::set<int> hit, Time over) {
  ++kinds_[step.kind].happened;
  open_.push_back({step, std::move(hit), over});
}

void Tally::cease(Time at) {
  for (auto& fault : open_) fault.over = std::min(fault.over, at);
}

void Tally::right(const std::set<int>& slots, Time at) {
  std::erase_if(open_, [&](Fault& fault) {
    if (at < fault.over) return false;
    std::erase_if(fault.hit, [&](int slot) { return slots.contains(slot); });
    if (!fault.hit.empty()) return false;
    kinds_[fault.step.kind].healed.push_back(seconds(at - fault.over));
    return true;
  });
}

std::vector<std::string> Tally::open() const {
  std::vector<std::string> all;
  for (const auto& fault : open_) all.push_back(fault.step.str());
  return all;
}

int Tally::healed() const {
  int all = 0;
  for (const auto& [kind, count] : kinds_) all += is_operation(kind) ? 0 : static_cast<int>(count.healed.size());
  return all;
}

int Tally::happened() const {
  int all = 0;
  for (const auto& [kind, count] : kinds_) all += is_operation(kind) ? 0 : count.happened;
  return all;
}

std::string Tally::row(const std::string& name, int happened, int missed, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  char line[200];
  std::snprintf(line, sizeof line, "%-28s %6d %6d %6zu   %8.2f %8.2f %8.2f\n", name.c_str(), happened, missed, times.size(),
                percentile(times, .5), percentile(times, .99), times.empty() ? 0 : times.back());
  return line;
}

std::string Tally::table() const {
  std::string text = "                               done missed healed   p50, s   p99, s   max, s\n";
  std::vector<double> all;
  int missed = 0;
  for (const auto& [kind, count] : kinds_) {
    text += row(std::string(name_of(kind)), count.happened, count.missed, count.healed);
    if (is_operation(kind)) continue;
    all.insert(all.end(), count.healed.begin(), count.healed.end());
    missed += count.missed;
  }
  return text + row("all faults", happened(), missed, all);
}

}  // namespace berth::chaos
