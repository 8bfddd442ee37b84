#include "api/server/openapi_schemas.h"

#include "api/server/openapi_meta.h"
#include "api/server/openapi_names.h"
#include "api/server/served_resources.h"

namespace berth::api {

namespace {

constexpr std::string_view kOwnPrefix = "x-berth-";

// Keywords under which there is one schema, and those under which there are several by name or in a list.
bool holds_schema(std::string_view keyword) { return keyword == "items" || keyword == "additionalProperties" || keyword == "not"; }
bool holds_schemas(std::string_view keyword) {
  return keyword == "properties" || keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf";
}

void publish(json& schema, bool builtin) {
  if (!schema.is_object()) return;
  for (auto it = schema.begin(); it != schema.end();) {
    if (it.key().starts_with(kOwnPrefix)) {
      it = schema.erase(it);
      continue;
    }
    if (holds_schema(it.key())) publish(*it, builtin);
    if (holds_schemas(it.key())) {
      for (json& inner : *it) publish(inner, builtin);
    }
    ++it;
  }
  if (builtin) schema.erase("nullable");  // Kubernetes takes null for any absent field of its own kinds, and says so nowhere
  const bool either = schema.value("x-kubernetes-int-or-string", false);
  if (either && !schema.contains("anyOf")) schema["anyOf"] = json::array({{{"type", "integer"}}, {{"type", "string"}}});
}

// Adds the names of the schemas that `value` refers to.
void collect_refs(const json& value, std::vector<std::string>& names) {
  if (value.is_object()) {
    const auto found = value.find("$ref");
    if (found != value.end() && found->is_string()) names.push_back(found->get<std::string>().substr(kSchemaRefs.size()));
  }
  if (value.is_structured()) {
    for (const json& inner : value) collect_refs(inner, names);
  }
}

}  // namespace

void add_type_meta(json& schema, const std::string& meta_kind, const char* description) {
  json& properties = schema["properties"];
  properties.update(type_meta_properties());
  properties["metadata"] = described_ref(std::string(kMetaPrefix) + meta_kind, description);
}

json published_schema(const crd::ResourceInfo& resource) {
  json schema = resource.schema;
  publish(schema, is_builtin_group(resource.gvk.group));
  add_type_meta(schema, "ObjectMeta", "The name of the object, its labels and what else there is about every object.");
  schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension(resource.gvk)});
  return schema;
}

json list_schema(const crd::GroupVersionKind& gvk, const std::string& plural) {
  json schema = {{"description", gvk.kind + "List is a list of " + gvk.kind + "."},
                 {"type", "object"},
                 {"required", json::array({"items"})}};
  add_type_meta(schema, "ListMeta", "The state of the store that the list shows, and where it goes on.");
  schema["properties"]["items"] = {
      {"description", "List of " + plural + "."}, {"type", "array"}, {"items", schema_ref(schema_name(gvk))}};
  schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension(list_kind(gvk))});
  return schema;
}

json with_referenced(json schemas, const json& paths) {
  const json meta = meta_schemas();
  std::vector<std::string> wanted;
  collect_refs(paths, wanted);
  collect_refs(schemas, wanted);
  while (!wanted.empty()) {
    const std::string name = std::move(wanted.back());
    wanted.pop_back();
    if (schemas.contains(name) || !meta.contains(name)) continue;
    schemas[name] = meta[name];
    collect_refs(meta[name], wanted);
  }
  return schemas;
}

}  // namespace berth::api
