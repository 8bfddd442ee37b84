#include "crd/core_kinds.h"

#include "crd/core_schema.h"

namespace berth::crd {

namespace core {

PrinterColumn age_column() { return {"Age", "date", ".metadata.creationTimestamp", "Time since it was created."}; }

ResourceInfo namespace_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Namespace"};
  info.plural = "namespaces";
  info.singular = "namespace";
  info.short_names = {"ns"};
  info.namespaced = false;
  info.has_status = true;
  info.verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  info.subresources = {{"finalize", "Namespace", {"update"}}};
  info.selectable_fields = {"name", "status.phase"};
  info.schema = object("Namespace groups objects and gives their names a scope. berth makes one when its first object is made.",
                       {{"spec", object("What holds it.",
                                        {{"finalizers", list_of("Who must let go of it before it is removed: \"kubernetes\" "
                                                                "empties it.",
                                                                text("The name of one."))}})},
                        {"status", with_default(object("What it is in.", {{"phase", text("Active, or Terminating while it is "
                                                                                         "emptied.")},
                                                                          {"conditions", conditions()}}),
                                                {{"phase", "Active"}})}});
  info.columns = {{"Status", "string", ".status.phase", "The status of the namespace"}, age_column()};
  return info;
}

ResourceInfo lease_kind() {
  ResourceInfo info;
  info.gvk = {"coordination.k8s.io", "v1", "Lease"};
  info.plural = "leases";
  info.singular = "lease";
  json duration = number("Seconds that a renewal lasts.");
  duration["minimum"] = 1;
  info.schema = object("Lease is a heartbeat: the TestEnvironment of the same name lives while it is renewed.",
                       {{"spec", object("Who holds it, and since when.",
                                        {{"holderIdentity", text("Who holds it.")},
                                         {"leaseDurationSeconds", std::move(duration)},
                                         {"acquireTime", time("When it was taken.")},
                                         {"renewTime", time("When it was renewed last.")},
                                         {"leaseTransitions", number("How often it changed hands.")},
                                         {"strategy", text("How the next holder is chosen.")},
                                         {"preferredHolder", text("Who should hold it next.")}})}});
  info.columns = {{"Holder", "string", ".spec.holderIdentity", "The identity of the lease holder"}, age_column()};
  return info;
}

}  // namespace core

std::vector<ResourceInfo> core_kinds() {
  return {core::namespace_kind(), core::event_kind(),          core::lease_kind(), core::secret_kind(),
          core::config_map_kind(), core::resource_quota_kind(), core::pod_kind(),   core::service_kind()};
}

}  // namespace berth::crd
