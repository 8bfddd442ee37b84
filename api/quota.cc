#include "api/quota.h"

#include <array>
#include <limits>

#include "crd/fields.h"
#include "crd/quantity.h"

namespace berth::api {

namespace {

constexpr std::int64_t kWhole = 1'000'000'000;

bool counts_cpu(const std::string& name) { return name == "cpu" || name.ends_with(".cpu"); }
bool counts_bytes(const std::string& name) { return name == "memory" || name.ends_with(".memory"); }

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

std::optional<Amount> read_amount(const std::string& name, const json& value) {
  const auto text = value.is_string() ? value.get<std::string>() : crd::dump(value);
  const auto number = counts_cpu(name) ? crd::parse_cpu(text) : crd::parse_bytes(text);
  if (!number) return std::nullopt;
  return Amount{*number, text.ends_with('i')};
}

void add_amount(Amounts& amounts, const std::string& name, const Amount& more) {
  auto& amount = amounts[name];
  if (amount.value == 0) amount.binary = more.binary;
  amount.value = saturating_sum(amount.value, more.value);
}

void add_resources(Amounts& amounts, const json& service, const char* part) {
  const json& wanted = crd::object_at(crd::object_at(service, "resources"), part);
  for (const char* what : {"cpu", "memory"}) {
    const json* value = crd::member(wanted, what);
    if (!value) continue;
    const auto amount = read_amount(what, *value);
    if (!amount) continue;
    add_amount(amounts, std::string(part) + "." + what, *amount);
    if (part == std::string_view("requests")) add_amount(amounts, what, *amount);  // the short names of the same
  }
}

// The largest of `units` that tells `value` without a rest.
template <std::size_t N>
std::string with_unit(std::int64_t value, const std::array<std::pair<const char*, std::int64_t>, N>& units) {
  for (const auto& [unit, size] : units) {
    if (value % size == 0) return std::to_string(value / size) + unit;
  }
  return std::to_string(value);
}

std::string cpu_text(std::int64_t value) {
  constexpr std::array<std::pair<const char*, std::int64_t>, 4> kUnits = {
      {{"", kWhole}, {"m", kWhole / 1000}, {"u", kWhole / 1'000'000}, {"n", 1}}};
  return with_unit(value, kUnits);
}

std::string byte_text(const Amount& amount) {
  constexpr std::int64_t kKi = 1024;
  constexpr std::array<std::pair<const char*, std::int64_t>, 5> kBinary = {
      {{"Ti", kKi * kKi * kKi * kKi}, {"Gi", kKi * kKi * kKi}, {"Mi", kKi * kKi}, {"Ki", kKi}, {"", 1}}};
  constexpr std::array<std::pair<const char*, std::int64_t>, 5> kDecimal = {
      {{"T", 1'000'000'000'000}, {"G", 1'000'000'000}, {"M", 1'000'000}, {"k", 1000}, {"", 1}}};
  return amount.binary ? with_unit(amount.value, kBinary) : with_unit(amount.value, kDecimal);
}

std::string listed(const Amounts& amounts, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    const auto found = amounts.find(name);
    text += (text.empty() ? "" : ",") + name + "=" + amount_text(name, found == amounts.end() ? Amount{} : found->second);
  }
  return text;
}

}  // namespace

Amounts usage_of(const crd::ResourceInfo& resource, const json& body) {
  Amounts amounts;
  amounts["count/" + resource.group_resource()] = {1};
  if (resource.gvk.group.empty()) amounts[resource.plural] = {1};
  if (resource.gvk.kind != "TestEnvironment") return amounts;
  for (const json& service : crd::array_at(crd::object_at(body, "spec"), "services")) {
    add_resources(amounts, service, "requests");
    add_resources(amounts, service, "limits");
  }
  return amounts;
}

Amounts hard_of(const json& quota) {
  Amounts amounts;
  for (const auto& [name, value] : crd::object_at(crd::object_at(quota, "spec"), "hard").items()) {
    if (const auto amount = read_amount(name, value)) amounts[name] = *amount;
  }
  return amounts;
}

void add_amounts(Amounts& to, const Amounts& more) {
  for (const auto& [name, amount] : more) add_amount(to, name, amount);
}

Amounts raised(const Amounts& next, const Amounts& before) {
  Amounts out;
  for (const auto& [name, amount] : next) {
    const auto old = before.find(name);
    const auto more = amount.value - (old == before.end() ? 0 : old->second.value);
    if (more > 0) out[name] = {more, amount.binary};
  }
  return out;
}

std::string amount_text(const std::string& name, const Amount& amount) {
  if (amount.value == 0) return "0";
  if (counts_cpu(name)) return cpu_text(amount.value);
  return counts_bytes(name) ? byte_text(amount) : std::to_string(amount.value);
}

std::optional<std::string> quota_violation(const std::string& quota, const Amounts& hard, const Amounts& used, const Amounts& added) {
  std::vector<std::string> exceeded;
  for (const auto& [name, more] : added) {
    const auto limit = hard.find(name);
    if (limit == hard.end()) continue;
    const auto now = used.find(name);
    if (saturating_sum(now == used.end() ? 0 : now->second.value, more.value) > limit->second.value) exceeded.push_back(name);
  }
  if (exceeded.empty()) return std::nullopt;
  return "exceeded quota: " + quota + ", requested: " + listed(added, exceeded) + ", used: " + listed(used, exceeded) +
         ", limited: " + listed(hard, exceeded);
}

json quota_status(const json& quota, const Amounts& used) {
  const json& hard = crd::object_at(crd::object_at(quota, "spec"), "hard");
  json amounts = json::object();
  for (const auto& [name, limit] : hard.items()) {
    const auto found = used.find(name);
    amounts[name] = amount_text(name, found == used.end() ? Amount{} : found->second);
  }
  return {{"hard", hard}, {"used", std::move(amounts)}};
}

}  // namespace berth::api
