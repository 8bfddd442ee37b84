#include "controller/reconcile/healing.h"

namespace berth::reconcile {

namespace {

bool service_ready(const json& status, const std::string& service) {
  const auto services = status.find("services");
  if (services == status.end() || !services->is_array()) return false;
  for (const auto& entry : *services) {
    if (entry.value("name", "") == service) return entry.value("ready", false);
  }
  return false;
}

}  // namespace

void Healing::drifted(const std::string& uid, const std::string& service) {
  since_[uid].try_emplace(service, clock_.steady_now());
}

std::vector<std::string> Healing::settled(const std::string& uid, const json& status) {
  std::vector<std::string> healed;
  const auto found = since_.find(uid);
  if (found == since_.end()) return healed;
  std::erase_if(found->second, [&](const auto& item) {
    const bool right = item.first.empty() ? status.value("phase", "") == "Ready" : service_ready(status, item.first);
    if (!right) return false;
    metrics_.time_to_heal(std::chrono::duration<double>(clock_.steady_now() - item.second).count());
    healed.push_back(item.first);
    return true;
  });
  if (found->second.empty()) since_.erase(found);
  return healed;
}

}  // namespace berth::reconcile
