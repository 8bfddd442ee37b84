#include "crd/core_schema.h"

namespace berth::crd::core {

json text(const char* description) { return {{"type", "string"}, {"description", description}}; }

json flag(const char* description) { return {{"type", "boolean"}, {"description", description}}; }

json number(const char* description) {
  return {{"type", "integer"}, {"format", "int32"}, {"minimum", 0}, {"description", description}};
}

json time(const char* description) {
  return {{"type", "string"}, {"format", "date-time"}, {"nullable", true}, {"description", description}};
}

json object(const char* description, json properties) {
  return {{"type", "object"}, {"description", description}, {"properties", std::move(properties)}};
}

json open_object(const char* description, json properties) {
  json schema = object(description, std::move(properties));
  schema["x-kubernetes-preserve-unknown-fields"] = true;
  return schema;
}

json map_of(const char* description, json values) {
  return {{"type", "object"}, {"description", description}, {"additionalProperties", std::move(values)}};
}

json text_map(const char* description) { return map_of(description, {{"type", "string"}}); }

json bytes_map(const char* description) { return map_of(description, {{"type", "string"}, {"format", "byte"}}); }

// "500m", "2Gi", 3.
json quantity_map(const char* description) { return map_of(description, {{"x-kubernetes-int-or-string", true}}); }

json list_of(const char* description, json items) {
  return {{"type", "array"}, {"description", description}, {"items", std::move(items)}};
}

json list_by(const char* description, const char* key, json items) {
  json schema = list_of(description, required(std::move(items), json::array({key})));
  schema["x-kubernetes-list-type"] = "map";
  schema["x-kubernetes-list-map-keys"] = json::array({key});
  return schema;
}

json with_default(json schema, json value) {
  schema["default"] = std::move(value);
  return schema;
}

json required(json schema, json names) {
  schema["required"] = std::move(names);
  return schema;
}

json conditions() {
  return list_by("The latest observations of the object's state.", "type",
                 open_object("One aspect of the object's state.",
                             {{"type", text("What it is about.")},
                              {"status", text("True, False or Unknown.")},
                              {"reason", text("Why, in one word.")},
                              {"message", text("Why, for people.")},
                              {"lastTransitionTime", time("When the status changed last.")}}));
}

}  // namespace berth::crd::core
