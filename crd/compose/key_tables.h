#pragma once

#include <span>

#include "crd/compose/keys.h"

namespace berth::compose {

// The two halves of keys(): what stands beside `services`, and what stands in one.
std::span<const Key> project_keys();
std::span<const Key> service_keys();

}  // namespace berth::compose
