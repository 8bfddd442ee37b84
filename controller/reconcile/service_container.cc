#include "controller/reconcile/service_container.h"

namespace berth::reconcile {

std::optional<engine::Container> service_container(const Mirror& mirror, const std::string& uid, const std::string& service) {
  std::optional<engine::Container> found;
  for (auto& container : mirror.actual(uid).containers) {
    if (service_of(container.labels) != service) continue;
    if (!found || container.created > found->created) found = std::move(container);
  }
  return found;
}

}  // namespace berth::reconcile
