#include "crd/fields.h"

namespace berth::crd {

const json* find_member(const json& value, std::string_view key) {
  const auto found = value.find(key);
  return found == value.end() ? nullptr : &*found;
}

const json* member(const json& value, std::string_view key) {
  const json* found = find_member(value, key);
  return found && !found->is_null() ? found : nullptr;
}

std::string text_at(const json& value, std::string_view key) {
  const json* found = find_member(value, key);
  return found && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(const json& value, std::string_view key) {
  const json* found = find_member(value, key);
  return found && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag_at(const json& value, std::string_view key) {
  const json* found = find_member(value, key);
  return found && found->is_boolean() && found->get<bool>();
}

const json& object_at(const json& value, std::string_view key) {
  static const json kNone = json::object();
  const json* found = find_member(value, key);
  return found && found->is_object() ? *found : kNone;
}

const json& array_at(const json& value, std::string_view key) {
  static const json kNone = json::array();
  const json* found = find_member(value, key);
  return found && found->is_array() ? *found : kNone;
}

std::string int_or_string(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::to_string(value.get<std::int64_t>());
}

}  // namespace berth::crd
