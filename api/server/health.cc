#include "api/server/health.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace berth::api {

namespace {

bool passes(const HealthCheck& check) { return !check.passes || check.passes(); }

std::set<std::string> excluded_names(const std::multimap<std::string, std::string>& query) {
  std::set<std::string> names;
  const auto [first, last] = query.equal_range("exclude");
  for (auto it = first; it != last; ++it) {
    for (const auto name : base::split(it->second, ',')) {
      if (!name.empty()) names.emplace(name);
    }
  }
  return names;
}

std::string without_match(const std::set<std::string>& names) {
  if (names.empty()) return "";
  std::string listed;
  for (const auto& name : names) listed += (listed.empty() ? "\"" : ",\"") + name + "\"";
  return "warn: some health checks cannot be excluded: no matches for " + listed + "\n";
}

}  // namespace

HealthAnswer check_health(std::string_view endpoint, std::span<const HealthCheck> checks,
                          const std::multimap<std::string, std::string>& query) {
  auto excluded = excluded_names(query);
  HealthAnswer answer;
  for (const auto& check : checks) {
    if (excluded.erase(check.name) > 0) {
      answer.text += "[+]" + check.name + " excluded: ok\n";
    } else if (passes(check)) {
      answer.text += "[+]" + check.name + " ok\n";
    } else {
      answer.healthy = false;
      answer.text += "[-]" + check.name + " failed: reason withheld\n";
    }
  }
  answer.text += without_match(excluded);
  answer.text += std::string(endpoint) + " check " + (answer.healthy ? "passed" : "failed") + "\n";
  if (answer.healthy && !query.contains("verbose")) answer.text = "ok";
  return answer;
}

std::optional<HealthAnswer> check_one(std::string_view name, std::span<const HealthCheck> checks) {
  const auto check = std::find_if(checks.begin(), checks.end(), [name](const auto& one) { return one.name == name; });
  if (check == checks.end()) return std::nullopt;
  if (passes(*check)) return HealthAnswer{true, "ok"};
  return HealthAnswer{false, "internal server error: " + check->name + " does not pass"};
}

}  // namespace berth::api
