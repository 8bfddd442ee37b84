#pragma once

#include "crd/object.h"

namespace berth::api {

// What berth leased to a TestEnvironment and wrote down in its status before the engine saw it: network,
// services[].ports, endpoints, env. Puts it from `stored` back into `status` (both may be null), whatever a
// user wrote there. A service that holds ports does not go missing.
void keep_allocations(json& status, const json& stored);

}  // namespace berth::api
