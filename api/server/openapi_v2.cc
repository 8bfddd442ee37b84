#include "api/server/openapi_v2.h"

#include <algorithm>

#include "api/server/openapi_names.h"
#include "api/server/openapi_v3.h"
#include "api/server/served_resources.h"

namespace berth::api {

namespace {

constexpr std::string_view kDefinitionRefs = "#/definitions/";

std::string definition_ref(const std::string& ref) { return std::string(kDefinitionRefs) + ref.substr(kSchemaRefs.size()); }

// What becomes of an object that may have fields besides those it names. v2 has no word for it: clients of that age would refuse such
// fields. Untyped: they check nothing, and do not see the named ones either. Named: for what nobody sends, only reads.
enum class OpenObjects { Untyped, Named };

void lower_schema(json& schema, OpenObjects open_objects);

void lower_properties(json& schema, OpenObjects open_objects) {
  const auto properties = schema.find("properties");
  if (properties == schema.end()) return;
  for (auto& [name, property] : properties->items()) {
    const bool nullable = property.value("nullable", false);
    lower_schema(property, open_objects);
    const auto required = schema.find("required");
    if (!nullable || required == schema.end()) continue;
    std::erase(required->get_ref<json::array_t&>(), json(name));
    if (required->empty()) schema.erase(required);
  }
}

// Every schema of berth's is one of: a reference, wrapped in allOf where it has a description; a value of one type; a value of any.
void lower_schema(json& schema, OpenObjects open_objects) {
  if (!schema.is_object()) return;
  if (const auto all = schema.find("allOf"); all != schema.end()) {
    if (all->size() == 1 && all->front().contains("$ref")) schema["$ref"] = all->front()["$ref"];
    schema.erase("allOf");
  }
  if (const auto ref = schema.find("$ref"); ref != schema.end()) *ref = definition_ref(ref->get<std::string>());
  const bool named = schema.contains("properties") && open_objects == OpenObjects::Named;
  const bool open = schema.value("x-kubernetes-preserve-unknown-fields", false) && !named;
  const bool any = schema.value("nullable", false) || schema.value("x-kubernetes-int-or-string", false);
  for (const auto* keyword : {"nullable", "default", "anyOf", "oneOf", "not"}) schema.erase(keyword);
  if (open || any) {
    for (const auto* keyword : {"type", "properties", "items", "additionalProperties", "required", "enum", "format"}) {
      schema.erase(keyword);
    }
  }
  lower_properties(schema, open_objects);
  for (const auto* keyword : {"items", "additionalProperties"}) {
    if (const auto inner = schema.find(keyword); inner != schema.end()) lower_schema(*inner, open_objects);
  }
}

json lower_parameter(const json& parameter) {
  json out = parameter;
  out.erase("schema");
  out.update(parameter["schema"]);
  return out;
}

json keys_of(const json& content) {
  json out = json::array();
  for (const auto& [type, value] : content.items()) out.push_back(type);
  return out;
}

json lower_body(const json& body) {
  json schema = body["content"].front()["schema"];
  lower_schema(schema, OpenObjects::Untyped);
  json out = {{"name", "body"}, {"in", "body"}, {"schema", std::move(schema)}};
  if (body.value("required", false)) out["required"] = true;
  return out;
}

json lower_operation(const json& operation) {
  json out = operation;
  json parameters = json::array();
  if (const auto body = operation.find("requestBody"); body != operation.end()) {
    out["consumes"] = keys_of((*body)["content"]);
    parameters.push_back(lower_body(*body));
    out.erase("requestBody");
  }
  if (const auto own = operation.find("parameters"); own != operation.end()) {
    for (const json& parameter : *own) parameters.push_back(lower_parameter(parameter));
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  for (json& response : out["responses"]) {
    const auto content = response.find("content");
    if (content == response.end()) continue;
    out["produces"] = keys_of(*content);
    response["schema"] = content->front()["schema"];
    lower_schema(response["schema"], OpenObjects::Untyped);
    response.erase("content");
  }
  return out;
}

json lower_path(const json& path) {
  json out = json::object();
  for (const auto& [key, value] : path.items()) {
    if (key == "parameters") {
      for (const json& parameter : value) out[key].push_back(lower_parameter(parameter));
    } else {
      out[key] = lower_operation(value);
    }
  }
  return out;
}

// A schema of meta/v1 may be in several documents, each with the kinds of its own group.
void add_definition(const std::string& name, json schema, json& definitions) {
  const auto own_kinds = schema.value("x-kubernetes-group-version-kind", json::array());
  const bool custom = !own_kinds.empty() && !is_builtin_group(own_kinds[0]["group"].get<std::string>());
  lower_schema(schema, custom ? OpenObjects::Untyped : OpenObjects::Named);
  const auto there = definitions.find(name);
  if (there == definitions.end()) {
    definitions[name] = std::move(schema);
    return;
  }
  const auto kinds = schema.find("x-kubernetes-group-version-kind");
  if (kinds == schema.end()) return;
  json& known = (*there)["x-kubernetes-group-version-kind"];
  for (const json& kind : *kinds) {
    if (std::find(known.begin(), known.end(), kind) == known.end()) known.push_back(kind);
  }
}

}  // namespace

json openapi_v2(const crd::Scheme& scheme) {
  json paths = json::object();
  json definitions = json::object();
  for (const auto& version : group_versions(scheme)) {
    const json document = openapi_v3(scheme, version);
    for (const auto& [path, operations] : document["paths"].items()) paths[path] = lower_path(operations);
    for (const auto& [name, schema] : document["components"]["schemas"].items()) add_definition(name, schema, definitions);
  }
  return {{"swagger", "2.0"},
          {"info", {{"title", "berth"}, {"version", "v1"}}},
          {"paths", std::move(paths)},
          {"definitions", std::move(definitions)}};
}

}  // namespace berth::api
