#pragma once

#include <optional>
#include <string>

#include "controller/engine/types.h"
#include "controller/reconcile/mirror.h"

namespace berth::reconcile {

// The container that counts for a service of an environment: the newest. nullopt: there is none.
std::optional<engine::Container> service_container(const Mirror& mirror, const std::string& uid, const std::string& service);

}  // namespace berth::reconcile
