#include "api/server/served_resources.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace berth::api {

namespace {

constexpr std::array<VirtualResource, 3> kVirtual = {{
    {"authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview"},
    {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "selfsubjectaccessreview"},
    {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", "selfsubjectrulesreview"},
}};

ServedResource served(const VirtualResource& resource) {
  ServedResource out;
  out.gvk = {std::string(resource.group), std::string(resource.version), std::string(resource.kind)};
  out.plural = resource.plural;
  out.singular = resource.singular;
  out.verbs = {"create"};
  return out;
}

ServedResource served(const crd::ResourceInfo& resource) {
  ServedResource out;
  out.gvk = resource.gvk;
  out.plural = resource.plural;
  out.singular = resource.singular;
  out.namespaced = resource.namespaced;
  out.verbs = resource.verbs;
  if (out.verbs.empty()) out.verbs.assign(crd::kAllVerbs.begin(), crd::kAllVerbs.end());
  out.short_names = resource.short_names;
  out.categories = resource.categories;
  out.subresources = resource.subresources;
  const auto is_status = [](const crd::Subresource& part) { return part.name == "status"; };
  if (resource.has_status && std::none_of(out.subresources.begin(), out.subresources.end(), is_status)) {
    out.subresources.push_back({"status", resource.gvk.kind, {"get", "patch", "update"}});
  }
  std::sort(out.subresources.begin(), out.subresources.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace

const VirtualResource* find_virtual(std::string_view group, std::string_view version, std::string_view plural) {
  for (const auto& resource : kVirtual) {
    if (resource.group == group && resource.version == version && resource.plural == plural) return &resource;
  }
  return nullptr;
}

std::vector<GroupVersion> group_versions(const crd::Scheme& scheme) {
  std::vector<GroupVersion> all;
  for (const auto& resource : scheme.resources()) all.push_back({resource.gvk.group, resource.gvk.version});
  for (const auto& resource : kVirtual) all.push_back({std::string(resource.group), std::string(resource.version)});
  const auto rank = [](const GroupVersion& one) { return std::tuple(!is_builtin_group(one.group), one.group, one.version); };
  std::sort(all.begin(), all.end(), [&rank](const auto& a, const auto& b) { return rank(a) < rank(b); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool serves_group(const crd::Scheme& scheme, std::string_view group) {
  const auto& stored = scheme.resources();
  return std::any_of(stored.begin(), stored.end(), [group](const auto& resource) { return resource.gvk.group == group; }) ||
         std::any_of(kVirtual.begin(), kVirtual.end(), [group](const auto& resource) { return resource.group == group; });
}

bool serves_version(const crd::Scheme& scheme, std::string_view group, std::string_view version) {
  const auto& stored = scheme.resources();
  return std::any_of(stored.begin(), stored.end(),
                     [&](const auto& resource) { return resource.gvk.group == group && resource.gvk.version == version; }) ||
         std::any_of(kVirtual.begin(), kVirtual.end(),
                     [&](const auto& resource) { return resource.group == group && resource.version == version; });
}

bool is_builtin_group(std::string_view group) {
  return group.find('.') == std::string_view::npos || group.ends_with(".k8s.io");
}

std::vector<ServedResource> served_resources(const crd::Scheme& scheme, std::string_view group, std::string_view version) {
  std::vector<ServedResource> all;
  for (const auto& resource : scheme.resources()) {
    if (resource.gvk.group == group && resource.gvk.version == version) all.push_back(served(resource));
  }
  for (const auto& resource : kVirtual) {
    if (resource.group == group && resource.version == version) all.push_back(served(resource));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.plural < b.plural; });
  return all;
}

}  // namespace berth::api
