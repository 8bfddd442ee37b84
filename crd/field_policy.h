#pragma once

#include <string>
#include <vector>

#include "crd/cause.h"
#include "crd/container_settings.h"

namespace berth::crd {

// What the host is not protected from, and so is refused unless berthd was told to allow it. It holds when an object is written, and
// again before a container is made or started: what was stored under another policy is not run under this one.
struct FieldPolicy {
  bool privileged = false;           // --allow-privileged: privileged, and capabilities beyond the engine's own
  std::vector<std::string> devices;  // --allow-devices: directories, clean; "/dev/dri" allows itself and all below
  bool gpus = false;                 // --allow-gpus
};

struct Denial {
  std::string field;  // "securityContext.privileged", within the service
  std::string detail;  // with the flag that would allow it
};
// In the order of the fields; empty when all is allowed.
std::vector<Denial> denials(const ContainerSettings& settings, const FieldPolicy& policy);

// The same of a whole TestEnvironment that passed schema and rules, by path. A write that leaves the spec of `old` as it is, is none.
std::vector<Cause> policy_causes(const json& object, const json* old, const FieldPolicy& policy);

}  // namespace berth::crd
