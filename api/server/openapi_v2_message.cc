#include <array>

#include "api/server/openapi_v2.h"

namespace berth::api {

namespace {

json schema_message(const json& schema);

json any_value(const json& value) { return {{"yaml", crd::dump(value)}}; }

json named(const std::string& name, json value) { return {{"name", name}, {"value", std::move(value)}}; }

bool is_extension(std::string_view key) { return key.starts_with("x-"); }

void add_extensions(const json& from, json& message) {
  for (const auto& [key, value] : from.items()) {
    if (is_extension(key)) message["vendor_extension"].push_back(named(key, any_value(value)));
  }
}

// Fields that only have other names in the message.
struct Renamed {
  const char* keyword;
  const char* field;
};
constexpr std::array<Renamed, 18> kPlainFields = {{{"$ref", "_ref"},
                                                   {"format", "format"},
                                                   {"title", "title"},
                                                   {"description", "description"},
                                                   {"multipleOf", "multiple_of"},
                                                   {"maximum", "maximum"},
                                                   {"exclusiveMaximum", "exclusive_maximum"},
                                                   {"minimum", "minimum"},
                                                   {"exclusiveMinimum", "exclusive_minimum"},
                                                   {"maxLength", "max_length"},
                                                   {"minLength", "min_length"},
                                                   {"pattern", "pattern"},
                                                   {"maxItems", "max_items"},
                                                   {"minItems", "min_items"},
                                                   {"uniqueItems", "unique_items"},
                                                   {"maxProperties", "max_properties"},
                                                   {"minProperties", "min_properties"},
                                                   {"required", "required"}}};

json named_schemas(const json& schemas) {
  json list = json::array();
  for (const auto& [name, schema] : schemas.items()) list.push_back(named(name, schema_message(schema)));
  return {{"additional_properties", std::move(list)}};
}

json schema_message(const json& schema) {
  json message = json::object();
  for (const auto& [keyword, field] : kPlainFields) {
    if (const auto found = schema.find(keyword); found != schema.end()) message[field] = *found;
  }
  if (schema.contains("type")) message["type"] = {{"value", json::array({schema["type"]})}};
  if (schema.contains("default")) message["default"] = any_value(schema["default"]);
  if (schema.contains("enum")) {
    for (const json& value : schema["enum"]) message["enum"].push_back(any_value(value));
  }
  if (schema.contains("items")) message["items"] = {{"schema", json::array({schema_message(schema["items"])})}};
  if (schema.contains("properties")) message["properties"] = named_schemas(schema["properties"]);
  if (const auto rest = schema.find("additionalProperties"); rest != schema.end()) {
    message["additional_properties"] = rest->is_boolean() ? json{{"boolean", *rest}} : json{{"schema", schema_message(*rest)}};
  }
  add_extensions(schema, message);
  return message;
}

json parameter_message(const json& parameter) {
  const std::string place = parameter["in"];
  json message = {{"name", parameter["name"]}, {"in", place}};
  if (parameter.contains("description")) message["description"] = parameter["description"];
  if (parameter.value("required", false)) message["required"] = true;
  if (place == "body") {
    message["schema"] = schema_message(parameter["schema"]);
    return {{"parameter", {{"body_parameter", std::move(message)}}}};
  }
  message["type"] = parameter["type"];
  if (parameter.value("uniqueItems", false)) message["unique_items"] = true;
  const auto* const form = place == "path" ? "path_parameter_sub_schema" : "query_parameter_sub_schema";
  return {{"parameter", {{"non_body_parameter", {{form, std::move(message)}}}}}};
}

json parameters_message(const json& parameters) {
  json list = json::array();
  for (const json& parameter : parameters) list.push_back(parameter_message(parameter));
  return list;
}

json responses_message(const json& responses) {
  json list = json::array();
  for (const auto& [code, response] : responses.items()) {
    json message = {{"description", response["description"]}};
    if (response.contains("schema")) message["schema"] = {{"schema", schema_message(response["schema"])}};
    list.push_back(named(code, {{"response", std::move(message)}}));
  }
  return {{"response_code", std::move(list)}};
}

json operation_message(const json& operation) {
  json message = {{"description", operation["description"]},
                  {"operation_id", operation["operationId"]},
                  {"responses", responses_message(operation["responses"])}};
  for (const auto* field : {"tags", "produces", "consumes"}) {
    if (const auto found = operation.find(field); found != operation.end()) message[field] = *found;
  }
  if (operation.contains("parameters")) message["parameters"] = parameters_message(operation["parameters"]);
  add_extensions(operation, message);
  return message;
}

json path_message(const json& path) {
  json message = json::object();
  for (const auto& [key, value] : path.items()) {
    message[key] = key == "parameters" ? parameters_message(value) : operation_message(value);
  }
  return message;
}

}  // namespace

json openapi_v2_message(const json& document) {
  json paths = json::array();
  for (const auto& [path, operations] : document["paths"].items()) paths.push_back(named(path, path_message(operations)));
  return {{"swagger", document["swagger"]},
          {"info", document["info"]},
          {"paths", {{"path", std::move(paths)}}},
          {"definitions", named_schemas(document["definitions"])}};
}

}  // namespace berth::api
