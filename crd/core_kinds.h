#pragma once

#include <vector>

#include "crd/scheme.h"

namespace berth::crd {

// The kinds of Kubernetes itself that berth serves: v1 Namespace and Event, coordination.k8s.io/v1 Lease.
std::vector<ResourceInfo> core_kinds();

}  // namespace berth::crd
