#include <algorithm>
#include <array>

#include "crd/cause.h"
#include "crd/core_kinds.h"
#include "crd/core_schema.h"
#include "crd/fields.h"
#include "crd/quantity.h"

namespace berth::crd::core {

namespace {

constexpr std::array<std::string_view, 10> kQuotaNames = {
    "configmaps", "cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory", "resourcequotas", "secrets",
    "services"};
constexpr std::string_view kCount = "count/";

bool is_quota_name(const std::string& name) {
  if (name.starts_with(kCount)) return name.size() > kCount.size();
  return std::find(kQuotaNames.begin(), kQuotaNames.end(), name) != kQuotaNames.end();
}

// A number is a quantity, too.
Result<void> prepare_quota(json& quota) {
  for (const auto& [part, field] : {std::pair("spec", "hard"), std::pair("status", "hard"), std::pair("status", "used")}) {
    const auto holder = quota.find(part);
    if (holder == quota.end() || !holder->is_object()) continue;
    const auto amounts = holder->find(field);
    if (amounts == holder->end() || !amounts->is_object()) continue;
    for (auto& [name, amount] : amounts->items()) {
      if (amount.is_number_integer()) amount = dump(amount);
    }
  }
  return {};
}

void check_hard(const std::string& name, const std::string& amount, std::vector<Cause>& causes) {
  const auto path = "spec.hard[" + name + "]";
  if (!is_quota_name(name)) {
    json supported = json::array({"count/<resource>.<group>"});
    for (const auto known : kQuotaNames) supported.push_back(std::string(known));
    causes.push_back(cause::not_supported(path, name, supported));
  }
  if (amount.starts_with('-')) {
    causes.push_back(cause::invalid(path, amount, "must be greater than or equal to 0"));
  } else if (const auto nano = parse_cpu(amount); !parse_bytes(amount)) {
    causes.push_back(cause::invalid(
        path, amount, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
  } else if (nano && *nano % 1'000'000'000 != 0 && !name.ends_with("cpu") && !name.ends_with("memory")) {
    causes.push_back(cause::invalid(path, amount, "must be an integer"));
  }
}

std::vector<Cause> quota_rules(const json& quota, const json*) {
  std::vector<Cause> causes;
  for (const auto& [name, amount] : object_at(object_at(quota, "spec"), "hard").items()) {
    check_hard(name, amount.is_string() ? amount.get<std::string>() : dump(amount), causes);
  }
  return causes;
}

}  // namespace

ResourceInfo resource_quota_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "ResourceQuota"};
  info.plural = "resourcequotas";
  info.singular = "resourcequota";
  info.short_names = {"quota"};
  info.has_status = true;
  info.schema = object(
      "ResourceQuota sets limits to what a namespace may hold.",
      {{"spec", object("The limits.", {{"hard", quantity_map("The most of each resource: count/testenvironments.berth.dev, "
                                                             "requests.cpu, requests.memory, limits.cpu, limits.memory, "
                                                             "count/secrets.")}})},
       {"status", object("The limits that are in force, and what is used of them.",
                         {{"hard", quantity_map("The limits in force.")},
                          {"used", quantity_map("What is used now.")}})}});
  info.prepare = prepare_quota;
  info.rules = quota_rules;
  info.columns = {age_column()};
  return info;
}

}  // namespace berth::crd::core
