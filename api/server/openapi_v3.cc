#include "api/server/openapi_v3.h"

#include "api/server/openapi_names.h"
#include "api/server/openapi_operations.h"
#include "api/server/openapi_schemas.h"

namespace berth::api {

namespace {

void add_schemas(const crd::Scheme& scheme, const ServedResource& resource, json& schemas) {
  const auto* stored = scheme.find(resource.gvk.group, resource.gvk.version, resource.plural);
  if (!stored) {
    schemas[schema_name(resource.gvk)] = review_schema(resource.gvk);
    return;
  }
  schemas[schema_name(resource.gvk)] = published_schema(*stored);
  schemas[schema_name(list_kind(resource.gvk))] = list_schema(resource.gvk, resource.plural);
}

// DeleteOptions are sent as of the group of what is deleted.
void add_delete_options_kind(const GroupVersion& version, json& schemas) {
  const auto found = schemas.find(std::string(kMetaPrefix) + "DeleteOptions");
  if (found == schemas.end() || version.group.empty()) return;
  (*found)["x-kubernetes-group-version-kind"].push_back(gvk_extension({version.group, version.version, "DeleteOptions"}));
}

}  // namespace

json openapi_v3(const crd::Scheme& scheme, const GroupVersion& version) {
  json paths = json::object();
  json schemas = json::object();
  for (const auto& resource : served_resources(scheme, version.group, version.version)) {
    add_paths(resource, paths);
    add_schemas(scheme, resource, schemas);
  }
  schemas = with_referenced(std::move(schemas), paths);
  add_delete_options_kind(version, schemas);
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "berth"}, {"version", version.version}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", std::move(schemas)}}}};
}

}  // namespace berth::api
