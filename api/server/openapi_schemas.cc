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

void add_type_meta(json& schema, const std::string& meta_kind, const char* description) {
  json& properties = schema["properties"];
  properties.update(type_meta_properties());
  properties["metadata"] = described_ref(std::string(kMetaPrefix) + meta_kind, description);
}

constexpr const char* kReviewSpecs = R"json({
"SelfSubjectAccessReview": {
  "description": "What is to be done: exactly one of resourceAttributes and nonResourceAttributes.",
  "type": "object",
  "properties": {
    "resourceAttributes": {
      "description": "Something done to objects.", "type": "object",
      "properties": {
        "group": {"description": "The group of the resource; * means all.", "type": "string"},
        "name": {"description": "The name of the object; empty means all.", "type": "string"},
        "namespace": {"description": "The namespace; empty means all, or none for kinds that are in none.", "type": "string"},
        "resource": {"description": "The resource; * means all.", "type": "string"},
        "subresource": {"description": "The subresource, if it is about one.", "type": "string"},
        "verb": {"description": "get, list, watch, create, update, patch, delete, deletecollection; * means all.", "type": "string"},
        "version": {"description": "The version of the resource; * means all.", "type": "string"}
      }
    },
    "nonResourceAttributes": {
      "description": "A request for a path that is no object.", "type": "object",
      "properties": {
        "path": {"description": "The path.", "type": "string"},
        "verb": {"description": "The HTTP verb, in small letters.", "type": "string"}
      }
    }
  }
},
"SelfSubjectRulesReview": {
  "description": "What is asked.",
  "type": "object",
  "properties": {"namespace": {"description": "The namespace that the rules are for.", "type": "string"}}
}
})json";

constexpr const char* kReviewStatus = R"json({
"SelfSubjectAccessReview": {
  "description": "The answer. Set by the server.",
  "type": "object",
  "required": ["allowed"],
  "properties": {
    "allowed": {"description": "Whether it may be done.", "type": "boolean"},
    "denied": {"description": "Whether it is forbidden for certain.", "type": "boolean"},
    "evaluationError": {"description": "What went wrong while it was found out.", "type": "string"},
    "reason": {"description": "Why.", "type": "string"}
  }
},
"SelfSubjectRulesReview": {
  "description": "The answer. Set by the server.",
  "type": "object",
  "required": ["resourceRules", "nonResourceRules", "incomplete"],
  "properties": {
    "evaluationError": {"description": "What went wrong while it was found out.", "type": "string"},
    "incomplete": {"description": "Whether there may be more rules than these.", "type": "boolean"},
    "nonResourceRules": {
      "description": "What may be done to paths.", "type": "array",
      "items": {
        "type": "object", "required": ["verbs"],
        "properties": {
          "nonResourceURLs": {"description": "The paths.", "type": "array", "items": {"type": "string"}},
          "verbs": {"description": "The HTTP verbs.", "type": "array", "items": {"type": "string"}}
        }
      }
    },
    "resourceRules": {
      "description": "What may be done to objects.", "type": "array",
      "items": {
        "type": "object", "required": ["verbs"],
        "properties": {
          "apiGroups": {"description": "The groups; * means all.", "type": "array", "items": {"type": "string"}},
          "resourceNames": {"description": "The names of objects; none means all.", "type": "array", "items": {"type": "string"}},
          "resources": {"description": "The resources; * means all.", "type": "array", "items": {"type": "string"}},
          "verbs": {"description": "The verbs; * means all.", "type": "array", "items": {"type": "string"}}
        }
      }
    }
  }
},
"SelfSubjectReview": {
  "description": "The answer. Set by the server.",
  "type": "object",
  "properties": {
    "userInfo": {
      "description": "Who sent the request.", "type": "object",
      "properties": {
        "extra": {"description": "What else is known of them.", "type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "groups": {"description": "The groups they are in.", "type": "array", "items": {"type": "string"}},
        "uid": {"description": "Tells them from others of the same name.", "type": "string"},
        "username": {"description": "Their name.", "type": "string"}
      }
    }
  }
}
})json";

std::string review_description(const std::string& kind) {
  if (kind == "SelfSubjectAccessReview") return "SelfSubjectAccessReview asks whether you may do one thing.";
  if (kind == "SelfSubjectRulesReview") return "SelfSubjectRulesReview asks what you may do in a namespace.";
  return kind + " asks who you are to the server.";
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
  schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension(list_of(gvk))});
  return schema;
}

json review_schema(const crd::GroupVersionKind& gvk) {
  json schema = {{"description", review_description(gvk.kind)}, {"type", "object"}};
  add_type_meta(schema, "ObjectMeta", "Nothing that the answer depends on.");
  const json specs = json::parse(kReviewSpecs);
  if (specs.contains(gvk.kind)) {
    schema["required"] = json::array({"spec"});
    schema["properties"]["spec"] = specs[gvk.kind];
  }
  const json statuses = json::parse(kReviewStatus);
  schema["properties"]["status"] = statuses[gvk.kind];
  schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension(gvk)});
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
