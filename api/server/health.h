#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth::api {

struct HealthCheck {
  std::string name;
  std::function<bool()> passes;  // empty: always
};

struct HealthAnswer {
  bool healthy = true;
  std::string text;  // "ok", or a line for each check
};

// /healthz, /livez and /readyz, `endpoint` being that word. "verbose" in the query asks for the lines even when all is well;
// "exclude" (several times, or separated by commas) leaves checks out.
HealthAnswer check_health(std::string_view endpoint, std::span<const HealthCheck> checks,
                          const std::multimap<std::string, std::string>& query);
// /healthz/{name}; nullopt when there is no such check.
std::optional<HealthAnswer> check_one(std::string_view name, std::span<const HealthCheck> checks);

}  // namespace berth::api
