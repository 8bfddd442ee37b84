#include "api/server/discovery.h"

#include <set>

namespace berth::api {

namespace {

// The level of the Kubernetes API whose shapes berth follows.
constexpr const char* kMajor = "1";
constexpr const char* kMinor = "36";

// (group, version) of every kind outside core, in the order of the scheme.
std::vector<crd::GroupVersionKind> group_versions(const crd::Scheme& scheme) {
  std::vector<crd::GroupVersionKind> all;
  std::set<std::string> seen;
  for (const auto& resource : scheme.resources()) {
    if (resource.gvk.group.empty() || !seen.insert(resource.gvk.api_version()).second) continue;
    all.push_back(resource.gvk);
  }
  return all;
}

json describe(const crd::ResourceInfo& resource) {
  json entry = {{"name", resource.plural},
                {"singularName", resource.singular},
                {"namespaced", resource.namespaced},
                {"kind", resource.gvk.kind},
                {"verbs", {"create", "delete", "get", "list", "update", "watch"}}};
  if (!resource.short_names.empty()) entry["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) entry["categories"] = resource.categories;
  return entry;
}

json describe_part(const crd::ResourceInfo& resource, const std::string& part, const json& verbs) {
  return {{"name", resource.plural + "/" + part},
          {"singularName", ""},
          {"namespaced", resource.namespaced},
          {"kind", resource.gvk.kind},
          {"verbs", verbs}};
}

}  // namespace

json root_paths(const crd::Scheme& scheme) {
  std::set<std::string> paths = {"/api", "/apis", "/berth/v1/reap", "/healthz", "/livez", "/metrics", "/readyz", "/version"};
  for (const auto& resource : scheme.resources()) {
    if (resource.gvk.group.empty()) {
      paths.insert("/api/" + resource.gvk.version);
    } else {
      paths.insert("/apis/" + resource.gvk.group);
      paths.insert("/apis/" + resource.gvk.api_version());
    }
  }
  return {{"paths", paths}};
}

json api_versions(const std::string& server_address) {
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs",
           json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}})}};
}

json api_group(const crd::Scheme& scheme, const std::string& group) {
  json versions = json::array();
  for (const auto& gvk : group_versions(scheme)) {
    if (gvk.group == group) versions.push_back({{"groupVersion", gvk.api_version()}, {"version", gvk.version}});
  }
  const json preferred = versions.empty() ? json::object() : versions.front();
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", group},
          {"versions", versions},
          {"preferredVersion", preferred}};
}

json api_group_list(const crd::Scheme& scheme) {
  json groups = json::array();
  std::set<std::string> seen;
  for (const auto& gvk : group_versions(scheme)) {
    if (!seen.insert(gvk.group).second) continue;
    json group = api_group(scheme, gvk.group);
    group.erase("kind");
    group.erase("apiVersion");
    groups.push_back(std::move(group));
  }
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}};
}

json api_resource_list(const crd::Scheme& scheme, const std::string& group, const std::string& version) {
  json resources = json::array();
  std::string group_version = group.empty() ? version : group + "/" + version;
  for (const auto& resource : scheme.resources()) {
    if (resource.gvk.group != group || resource.gvk.version != version) continue;
    resources.push_back(describe(resource));
    if (resource.has_status) resources.push_back(describe_part(resource, "status", {"get", "update"}));
    if (resource.gvk.kind != "TestEnvironment") continue;
    resources.push_back(describe_part(resource, "log", json::array({"get"})));
    resources.push_back(describe_part(resource, "attach", json::array({"create"})));
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", std::move(group_version)},
          {"resources", resources}};
}

json version_info(const std::string& version) {
  return {{"major", kMajor},
          {"minor", kMinor},
          {"gitVersion", std::string("v") + kMajor + "." + kMinor + ".0+berth." + version},
          {"gitCommit", ""},
          {"gitTreeState", ""},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", ""},
          {"compiler", "c++"},
          {"platform", "linux"},
          {"berthVersion", version}};
}

}  // namespace berth::api
