#pragma once

#include <optional>
#include <string>

#include "controller/engine/types.h"
#include "crd/object.h"

namespace berth::reconcile {

// The environment that an engine object was made for, as its labels say.
struct Owner {
  ObjectKey key;
  std::string uid;
  auto operator<=>(const Owner&) const = default;
};

// nullopt: the object is not this instance's and must never be touched.
std::optional<Owner> owner_of(const engine::Labels& labels, const std::string& instance);
// The service of a container; "" when it has none.
std::string service_of(const engine::Labels& labels);

}  // namespace berth::reconcile
