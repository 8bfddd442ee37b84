#include "crd/field_path.h"
#include "crd/fields.h"
#include "crd/pattern.h"
#include "crd/schema.h"

namespace berth::crd {
namespace {

const std::set<std::string_view> kKeywords = {"type",
                                              "properties",
                                              "items",
                                              "additionalProperties",
                                              "required",
                                              "enum",
                                              "minimum",
                                              "maximum",
                                              "exclusiveMinimum",
                                              "exclusiveMaximum",
                                              "minLength",
                                              "maxLength",
                                              "pattern",
                                              "minItems",
                                              "maxItems",
                                              "minProperties",
                                              "maxProperties",
                                              "format",
                                              "nullable",
                                              "default",
                                              "description",
                                              "title",
                                              "example",
                                              "x-kubernetes-int-or-string",
                                              "x-kubernetes-preserve-unknown-fields",
                                              "x-kubernetes-list-type",
                                              "x-kubernetes-list-map-keys",
                                              "x-kubernetes-map-type",
                                              "x-berth-unsupported"};
const std::set<std::string_view> kTypes = {"object", "array", "string", "integer", "number", "boolean"};

class Checker {
 public:
  std::vector<std::string> take() { return std::move(errors_); }

  void check(const json& schema, const std::string& path) {
    if (!schema.is_object()) return add(path, "must be an object");
    for (const auto& [keyword, value] : schema.items()) {
      if (!kKeywords.contains(keyword)) add(child(path, keyword), "unknown keyword");
    }
    check_type(schema, path);
    check_numbers(schema, path);
    check_children(schema, path);
    check_list(schema, path);
    if (auto pattern = schema.find("pattern"); pattern != schema.end()) {
      if (!pattern->is_string())
        add(child(path, "pattern"), "must be a string");
      else if (auto compiled = Pattern::compile(pattern->get_ref<const std::string&>());
               !compiled.has_value()) {
        add(child(path, "pattern"), compiled.error().message);
      }
    }
    if (auto names = schema.find("enum"); names != schema.end() && (!names->is_array() || names->empty())) {
      add(child(path, "enum"), "must be a list that is not empty");
    }
    if (errors_.empty() && schema.contains("default")) check_default(schema, path);
  }

 private:
  void add(const std::string& path, const std::string& what) { errors_.push_back(path + ": " + what); }

  void check_type(const json& schema, const std::string& path) {
    const bool untyped = flag_at(schema, "x-kubernetes-int-or-string") ||
                         flag_at(schema, "x-kubernetes-preserve-unknown-fields");
    auto type = schema.find("type");
    if (type == schema.end()) {
      if (!untyped) add(child(path, "type"), "Required value");
      return;
    }
    if (flag_at(schema, "x-kubernetes-int-or-string"))
      return add(child(path, "type"), "must be absent beside x-kubernetes-int-or-string");
    if (!type->is_string() || !kTypes.contains(type->get_ref<const std::string&>())) {
      return add(child(path, "type"), "must be object, array, string, integer, number or boolean");
    }
    if (*type == "array" && !schema.contains("items")) add(child(path, "items"), "Required value");
    if (*type != "array" && schema.contains("items")) add(child(path, "items"), "only for arrays");
    if (*type != "object" && (schema.contains("properties") || schema.contains("additionalProperties"))) {
      add(path, "properties and additionalProperties are only for objects");
    }
  }

  void check_numbers(const json& schema, const std::string& path) {
    for (const char* keyword :
         {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}) {
      auto it = schema.find(keyword);
      if (it != schema.end() && !it->is_number_unsigned())
        add(child(path, keyword), "must be a number from 0");
    }
    for (const char* keyword : {"minimum", "maximum"}) {
      auto it = schema.find(keyword);
      if (it != schema.end() && !it->is_number()) add(child(path, keyword), "must be a number");
    }
  }

  void check_children(const json& schema, const std::string& path) {
    auto properties = schema.find("properties");
    if (properties != schema.end()) {
      if (!properties->is_object()) return add(child(path, "properties"), "must be an object");
      for (const auto& [name, property] : properties->items())
        check(property, child(child(path, "properties"), name));
    }
    if (auto additional = schema.find("additionalProperties"); additional != schema.end()) {
      if (properties != schema.end()) add(child(path, "additionalProperties"), "excludes properties");
      if (!additional->is_boolean()) check(*additional, child(path, "additionalProperties"));
    }
    if (auto items = schema.find("items"); items != schema.end()) check(*items, child(path, "items"));
    if (auto required = schema.find("required"); required != schema.end()) {
      if (!required->is_array()) return add(child(path, "required"), "must be a list");
      for (const json& name : *required) {
        if (!name.is_string() || properties == schema.end() ||
            !properties->contains(name.get_ref<const std::string&>())) {
          add(child(path, "required"), "names no property: " + dump(name));
        }
      }
    }
  }

  void check_list(const json& schema, const std::string& path) {
    auto type = schema.find("x-kubernetes-list-type");
    auto keys = schema.find("x-kubernetes-list-map-keys");
    const bool map = type != schema.end() && *type == "map";
    if (type != schema.end() && !map && *type != "set" && *type != "atomic") {
      add(child(path, "x-kubernetes-list-type"), "must be atomic, set or map");
    }
    if (map != (keys != schema.end())) return add(path, "x-kubernetes-list-map-keys goes with list type map");
    if (!map) return;
    if (!keys->is_array() || keys->empty())
      return add(child(path, "x-kubernetes-list-map-keys"), "must be a list");
    const json items = schema.value("items", json::object());
    const json required = items.value("required", json::array());
    for (const json& key : *keys) {
      const bool always = std::find(required.begin(), required.end(), key) != required.end() ||
                          (key.is_string() && items.value("properties", json::object())
                                                  .value(key.get_ref<const std::string&>(), json::object())
                                                  .contains("default"));
      if (!always)
        add(child(path, "x-kubernetes-list-map-keys"), "must be required or have a default: " + dump(key));
    }
  }

  void check_default(const json& schema, const std::string& path) {
    const json wrapper = {{"type", "object"}, {"properties", {{"default", schema}}}};
    json holder = {{"default", schema.at("default")}};
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const std::string& removed : prune(wrapper, holder)) add(prefix + removed, "unknown field");
    for (const Cause& cause : validate(wrapper, holder)) add(prefix + cause.field, cause.message);
  }

  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> check_structural(const json& schema) {
  Checker checker;
  checker.check(schema, "");
  return checker.take();
}

}  // namespace berth::crd
