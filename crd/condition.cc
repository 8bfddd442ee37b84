#include "crd/condition.h"

namespace berth::crd {

bool set_condition(json& conditions, std::string_view type, bool status, std::string_view reason,
                   std::string_view message, std::int64_t observed_generation, base::SystemTime now) {
  if (!conditions.is_array()) conditions = json::array();
  auto it = std::find_if(conditions.begin(), conditions.end(),
                         [&](const json& c) { return c.is_object() && c.value("type", json()) == type; });
  const std::string_view wanted = status ? "True" : "False";
  json next = {{"type", type},
               {"status", wanted},
               {"reason", reason},
               {"message", message},
               {"observedGeneration", observed_generation},
               {"lastTransitionTime", base::format_time(now)}};
  if (it == conditions.end()) {
    conditions.push_back(std::move(next));
    return true;
  }
  if (it->value("status", json()) == wanted && it->contains("lastTransitionTime")) {
    next["lastTransitionTime"] = (*it)["lastTransitionTime"];
  }
  if (*it == next) return false;
  *it = std::move(next);
  return true;
}

std::string condition_status(const json& object_status, std::string_view type) {
  if (!object_status.is_object()) return "";
  auto conditions = object_status.find("conditions");
  if (conditions == object_status.end() || !conditions->is_array()) return "";
  for (const json& condition : *conditions) {
    if (!condition.is_object() || condition.value("type", json()) != type) continue;
    auto status = condition.find("status");
    return status != condition.end() && status->is_string() ? status->get<std::string>() : "";
  }
  return "";
}

}  // namespace berth::crd
