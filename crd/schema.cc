#include "crd/schema.h"

#include "crd/cause.h"
#include "crd/field_path.h"
#include "crd/fields.h"

namespace berth::crd {
namespace {

bool is_type_meta(std::string_view key) { return key == "metadata" || key == "apiVersion" || key == "kind"; }

// The schema of one key of an object; nullptr when the schema does not know it.
const json* schema_of(const json& schema, const std::string& key) {
  if (const json* properties = find_member(schema, "properties")) {
    if (const json* found = find_member(*properties, key)) return found;
  }
  const json* additional = find_member(schema, "additionalProperties");
  return additional && additional->is_object() ? additional : nullptr;
}

bool keeps_unknown(const json& schema) {
  return flag_at(schema, "x-kubernetes-preserve-unknown-fields") || flag_at(schema, "additionalProperties");
}

void prune_value(const json& schema, json& value, const std::string& path, bool root,
                 std::vector<std::string>& removed) {
  if (value.is_array()) {
    const json* items = find_member(schema, "items");
    if (!items) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      prune_value(*items, value[i], item(path, i), false, removed);
    return;
  }
  if (!value.is_object() || schema.value("type", "object") != "object") return;
  for (auto it = value.begin(); it != value.end();) {
    const json* known = root && is_type_meta(it.key()) ? nullptr : schema_of(schema, it.key());
    if (known) {
      prune_value(*known, *it, child(path, it.key()), false, removed);
    } else if (!keeps_unknown(schema) && !(root && is_type_meta(it.key()))) {
      removed.push_back(child(path, it.key()));
      it = value.erase(it);
      continue;
    }
    ++it;
  }
}

void default_value(const json& schema, json& value, bool root) {
  if (value.is_array()) {
    if (const json* items = find_member(schema, "items")) {
      for (json& element : value) default_value(*items, element, false);
    }
    return;
  }
  if (!value.is_object()) return;
  if (const json* properties = find_member(schema, "properties")) {
    for (const auto& [key, property] : properties->items()) {
      const json* preset = find_member(property, "default");
      auto found = value.find(key);
      if (preset && (found == value.end() || (found->is_null() && !flag_at(property, "nullable"))))
        value[key] = *preset;
    }
  }
  for (auto it = value.begin(); it != value.end();) {
    const json* known = root && is_type_meta(it.key()) ? nullptr : schema_of(schema, it.key());
    if (known && it->is_null() && !flag_at(*known, "nullable")) {
      it = value.erase(it);
      continue;
    }
    if (known) default_value(*known, *it, false);
    ++it;
  }
}

}  // namespace

std::vector<std::string> prune(const json& schema, json& value) {
  std::vector<std::string> removed;
  prune_value(schema, value, "", true, removed);
  return removed;
}

void apply_defaults(const json& schema, json& value) { default_value(schema, value, true); }

}  // namespace berth::crd
