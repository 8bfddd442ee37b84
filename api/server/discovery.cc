#include "api/server/discovery.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "api/server/served_resources.h"

namespace berth::api {

namespace {

// The level of the Kubernetes API whose shapes berth follows.
constexpr const char* kMajor = "1";
constexpr const char* kMinor = "36";
constexpr const char* kOldestMinor = "35";
constexpr const char* kLevel = "v1.36.4";

#if defined(__aarch64__)
constexpr const char* kPlatform = "linux/arm64";
#else
constexpr const char* kPlatform = "linux/amd64";
#endif

json describe_resource(const ServedResource& resource) {
  json entry = {{"name", resource.plural},
                {"singularName", resource.singular},
                {"namespaced", resource.namespaced},
                {"kind", resource.gvk.kind},
                {"verbs", resource.verbs}};
  if (!resource.short_names.empty()) entry["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) entry["categories"] = resource.categories;
  return entry;
}

json describe_subresource(const ServedResource& resource, const crd::Subresource& part) {
  return {{"name", resource.plural + "/" + part.name},
          {"singularName", ""},
          {"namespaced", resource.namespaced},
          {"kind", part.kind},
          {"verbs", part.verbs}};
}

json response_kind(const ServedResource& resource, const std::string& kind) {
  return {{"group", resource.gvk.group}, {"version", resource.gvk.version}, {"kind", kind}};
}

json aggregated_resource(const ServedResource& resource) {
  json entry = {{"resource", resource.plural},
                {"responseKind", response_kind(resource, resource.gvk.kind)},
                {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
                {"singularResource", resource.singular},
                {"verbs", resource.verbs}};
  if (!resource.short_names.empty()) entry["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) entry["categories"] = resource.categories;
  for (const auto& part : resource.subresources) {
    entry["subresources"].push_back(
        {{"subresource", part.name}, {"responseKind", response_kind(resource, part.kind)}, {"verbs", part.verbs}});
  }
  return entry;
}

json aggregated_version(const crd::Scheme& scheme, const GroupVersion& version) {
  json resources = json::array();
  for (const auto& resource : served_resources(scheme, version.group, version.version)) {
    resources.push_back(aggregated_resource(resource));
  }
  return {{"version", version.version}, {"resources", std::move(resources)}, {"freshness", "Current"}};
}

// A version may be anything that a file can be called; what follows the "+" of a semantic version may not.
std::string build_metadata(std::string version) {
  std::replace_if(version.begin(), version.end(),
                  [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '-'; }, '-');
  return version;
}

}  // namespace

json root_paths(const crd::Scheme& scheme, const std::vector<std::string>& checks) {
  std::set<std::string> paths = {"/api",        "/apis",       "/apis/",   "/berth/v1/reap", "/healthz",
                                 "/livez",      "/metrics",    "/readyz",  "/version",       "/openapi/v2",
                                 "/openapi/v3", "/openapi/v3/"};
  for (const auto& check : checks) paths.insert("/" + check);
  for (const auto& version : group_versions(scheme)) {
    if (version.group.empty()) {
      paths.insert("/api/" + version.version);
    } else {
      paths.insert("/apis/" + version.group);
      paths.insert("/apis/" + version.str());
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
  for (const auto& one : group_versions(scheme)) {
    if (one.group == group) versions.push_back({{"groupVersion", one.str()}, {"version", one.version}});
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
  std::set<std::string> seen = {""};
  for (const auto& one : group_versions(scheme)) {
    if (!seen.insert(one.group).second) continue;
    json group = api_group(scheme, one.group);
    group.erase("kind");
    group.erase("apiVersion");
    groups.push_back(std::move(group));
  }
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

json api_resource_list(const crd::Scheme& scheme, const std::string& group, const std::string& version) {
  json resources = json::array();
  for (const auto& resource : served_resources(scheme, group, version)) {
    resources.push_back(describe_resource(resource));
    for (const auto& part : resource.subresources) resources.push_back(describe_subresource(resource, part));
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", GroupVersion{group, version}.str()},
          {"resources", std::move(resources)}};
}

json aggregated_discovery(const crd::Scheme& scheme, bool core) {
  json items = json::array();
  for (const auto& one : group_versions(scheme)) {
    if (one.group.empty() != core) continue;
    const json metadata = core ? json::object() : json{{"name", one.group}};
    if (items.empty() || items.back()["metadata"] != metadata) {
      items.push_back({{"metadata", metadata}, {"versions", json::array()}});
    }
    items.back()["versions"].push_back(aggregated_version(scheme, one));
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/v2"},
          {"metadata", json::object()},
          {"items", std::move(items)}};
}

json custom_kinds(const crd::Scheme& scheme) {
  json items = json::array();
  for (const auto& resource : scheme.resources()) {
    if (is_builtin_group(resource.gvk.group)) continue;
    json names = {{"kind", resource.gvk.kind}, {"plural", resource.plural}, {"singular", resource.singular}};
    json version = {{"name", resource.gvk.version}, {"served", true}, {"storage", true}};
    items.push_back({{"metadata", {{"name", resource.group_resource()}}},
                     {"spec",
                      {{"group", resource.gvk.group},
                       {"names", std::move(names)},
                       {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
                       {"versions", json::array({std::move(version)})}}}});
  }
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinitionList"},
          {"metadata", {{"resourceVersion", ""}}},
          {"items", std::move(items)}};
}

json version_info(const std::string& version) {
  return {{"major", kMajor},
          {"minor", kMinor},
          {"emulationMajor", kMajor},
          {"emulationMinor", kMinor},
          {"minCompatibilityMajor", kMajor},
          {"minCompatibilityMinor", kOldestMinor},
          {"gitVersion", std::string(kLevel) + "+berth." + build_metadata(version)},
          {"gitCommit", ""},
          {"gitTreeState", "clean"},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", ""},
          {"compiler", "c++"},
          {"platform", kPlatform},
          {"berthVersion", version}};
}

}  // namespace berth::api
