#include "controller/engine/codec_fields.h"

namespace berth::engine::fields {

const json& member(const json& object, const char* key) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string text(const json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t number(const json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool flag(const json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

Labels labels(const json& object, const char* key) {
  Labels result;
  const auto& value = member(object, key);
  if (!value.is_object()) return result;
  for (const auto& [name, item] : value.items()) {
    if (item.is_string()) result[name] = item.get<std::string>();
  }
  return result;
}

std::vector<std::string> texts(const json& object, const char* key) {
  std::vector<std::string> result;
  const auto& value = member(object, key);
  if (!value.is_array()) return result;
  for (const auto& item : value) {
    if (item.is_string()) result.push_back(item.get<std::string>());
  }
  return result;
}

base::SystemTime time(const json& object, const char* key) {
  const auto value = text(object, key);
  if (value.starts_with("0001-")) return {};
  return base::parse_time(value).value_or(base::SystemTime{});
}

}  // namespace berth::engine::fields
