#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "crd/scheme.h"

// What objects take of the ResourceQuotas of their namespace. Pure.
namespace berth::api {

struct Amount {
  std::int64_t value = 0;  // billionths of a CPU, bytes, or a count
  bool binary = false;     // written with Ki, Mi, ...
};
// By the names of spec.hard: "requests.cpu", "count/testenvironments.berth.dev".
using Amounts = std::map<std::string, Amount>;

// What one object takes. `body` passed its schema.
Amounts usage_of(const crd::ResourceInfo& resource, const json& body);
// spec.hard of a quota; what is no quantity is left out.
Amounts hard_of(const json& quota);
void add_amounts(Amounts& to, const Amounts& more);
// What `next` takes more than `before`.
Amounts raised(const Amounts& next, const Amounts& before);
// "1500m", "2Gi", "3".
std::string amount_text(const std::string& name, const Amount& amount);

// Why `added` does not fit: "exceeded quota: NAME, requested: ..., used: ..., limited: ..."; nullopt when it fits.
std::optional<std::string> quota_violation(const std::string& quota, const Amounts& hard, const Amounts& used, const Amounts& added);
// The status of a quota of which `used` is used.
json quota_status(const json& quota, const Amounts& used);

}  // namespace berth::api
