#pragma once

#include <vector>

#include "crd/scheme.h"

namespace berth::crd {

// The kinds of Kubernetes itself that berth serves: v1 Namespace, Event, Secret, ConfigMap, ResourceQuota, Pod (written by berth
// alone) and Service (there is none), coordination.k8s.io/v1 Lease.
std::vector<ResourceInfo> core_kinds();

namespace core {

ResourceInfo namespace_kind();
ResourceInfo event_kind();
ResourceInfo secret_kind();
ResourceInfo config_map_kind();
ResourceInfo resource_quota_kind();
ResourceInfo pod_kind();
ResourceInfo service_kind();
ResourceInfo lease_kind();

// The Age column of every kind.
PrinterColumn age_column();

}  // namespace core

}  // namespace berth::crd
