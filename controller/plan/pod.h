#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

// The Pods that stand for one environment's service containers, for clients that know Kubernetes and not berth: computed from the
// stored TestEnvironment alone. Pure.
namespace berth::plan {

// Where the pods run, as spec.nodeName and status.hostIP show it.
struct PodHost {
  std::string name = "local";
  std::string address = "127.0.0.1";
};

// "<environment>.<service>". A service has no dot in its name, so that no two pods of a namespace share one.
std::string pod_name(std::string_view environment, std::string_view service);

// The one container of a pod has the name of its service. "" when `pod` has none.
std::string pod_service(const crd::Object& pod);

// A pod as it is stored by now; null when it is not.
using StoredPod = std::function<crd::ObjectPtr(const std::string& name)>;

// One v1 Pod per service of the spec, without what a server adds (uid, resourceVersion, creationTimestamp). `stored` is asked for the
// times of conditions that did not change. Those of an environment that goes, and whose containers are gone, are left out.
std::vector<crd::json> pods(const crd::Object& environment, const PodHost& host, const StoredPod& stored, base::SystemTime now);

// Whether `stored` says all that `wanted` says.
bool says_the_same(const crd::Object& stored, const crd::json& wanted);

// Why the container of a service is not there yet, in the word that kubectl's users know; `service_status` is its entry in the
// environment's status.
std::string waiting_reason(const crd::json& service_status);

// Internal to plan/: status of the pod of `service` (an entry of the spec); `before` is the pod's stored status or {}.
crd::json pod_status(const crd::Object& environment, const crd::json& service, const PodHost& host, const crd::json& before,
                     base::SystemTime now);

}  // namespace berth::plan
