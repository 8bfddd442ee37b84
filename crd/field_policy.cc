#include "crd/field_policy.h"

#include <algorithm>
#include <array>

#include "crd/field_path.h"
#include "crd/fields.h"
#include "crd/formats.h"

namespace berth::crd {
namespace {

// What every engine gives: Kubernetes' "baseline", and NET_RAW.
constexpr std::array kEngineCapabilities = {"AUDIT_WRITE", "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",   "MKNOD",
                                            "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};

constexpr std::string_view kPrivilegedFlag = "is only allowed where berthd runs with --allow-privileged";

void deny_rights(const SecurityContext& security, std::vector<Denial>& out) {
  if (security.privileged) out.push_back({"securityContext.privileged", std::string(kPrivilegedFlag)});
  for (std::size_t i = 0; i < security.add.size(); ++i) {
    const std::string& name = security.add[i];
    if (std::find(kEngineCapabilities.begin(), kEngineCapabilities.end(), name) != kEngineCapabilities.end()) continue;
    out.push_back({item("securityContext.capabilities.add", i), std::string(kPrivilegedFlag)});
  }
}

}  // namespace

std::vector<Denial> denials(const ContainerSettings& settings, const FieldPolicy& policy) {
  std::vector<Denial> out;
  if (settings.gpus > 0 && !policy.gpus) {
    out.push_back({child("resources.limits", "nvidia.com/gpu"), "is only allowed where berthd runs with --allow-gpus"});
  }
  if (!policy.privileged) deny_rights(settings.security, out);
  for (std::size_t i = 0; i < settings.devices.size(); ++i) {
    const std::string& path = settings.devices[i].path;
    const bool allowed = std::any_of(policy.devices.begin(), policy.devices.end(),
                                     [&](const std::string& directory) { return is_within(path, directory); });
    if (allowed) continue;
    out.push_back({item("devices", i) + ".path", "is only allowed where berthd runs with --allow-devices for it or a directory above it"});
  }
  return out;
}

std::vector<Cause> policy_causes(const json& object, const json* old, const FieldPolicy& policy) {
  std::vector<Cause> causes;
  const json& spec = object_at(object, "spec");
  if (old && object_at(*old, "spec") == spec) return causes;
  const json& services = array_at(spec, "services");
  for (std::size_t i = 0; i < services.size(); ++i) {
    for (const Denial& denial : denials(parse_container_settings(services[i]), policy)) {
      causes.push_back(cause::forbidden(item("spec.services", i) + "." + denial.field, denial.detail));
    }
  }
  return causes;
}

}  // namespace berth::crd
