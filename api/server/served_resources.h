#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crd/scheme.h"

namespace berth::api {

// A resource that is answered at once and never stored: it can be created, and nothing else. Cluster-scoped.
struct VirtualResource {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view plural;
  std::string_view singular;
};

// nullptr when there is none.
const VirtualResource* find_virtual(std::string_view group, std::string_view version, std::string_view plural);

struct GroupVersion {
  std::string group;  // "" for core
  std::string version;
  std::string str() const { return group.empty() ? version : group + "/" + version; }
  bool operator==(const GroupVersion&) const = default;
};

// Every group and version that is served, stored or virtual: core first, then Kubernetes' own groups, then others, each by name.
std::vector<GroupVersion> group_versions(const crd::Scheme& scheme);
bool serves_group(const crd::Scheme& scheme, std::string_view group);
bool serves_version(const crd::Scheme& scheme, std::string_view group, std::string_view version);

// Whether the group is one of Kubernetes itself ("", "apps", "coordination.k8s.io"), whose objects take strategic merge patches and
// protobuf; those of other groups behave as custom resources.
bool is_builtin_group(std::string_view group);

// One resource as discovery tells of it.
struct ServedResource {
  crd::GroupVersionKind gvk;
  std::string plural;
  std::string singular;
  bool namespaced = false;
  std::vector<std::string> verbs;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<crd::Subresource> subresources;  // status included, by name
};

// Those of one version, by plural; empty when it is not served.
std::vector<ServedResource> served_resources(const crd::Scheme& scheme, std::string_view group, std::string_view version);

}  // namespace berth::api
