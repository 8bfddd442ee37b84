#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "crd/object.h"

namespace berth::crd {

// Sets one metav1.Condition in `conditions` (a JSON array, kept in order of first appearance).
// lastTransitionTime changes only when `status` does. Returns whether anything changed.
bool set_condition(json& conditions, std::string_view type, bool status, std::string_view reason,
                   std::string_view message, std::int64_t observed_generation, base::SystemTime now);
// "True", "False", "Unknown"; "" when the condition is not there.
std::string condition_status(const json& object_status, std::string_view type);

}  // namespace berth::crd
