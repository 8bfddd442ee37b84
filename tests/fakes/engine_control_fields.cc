#include "tests/fakes/engine_control_fields.h"

#include <algorithm>

#include "tests/fakes/engine_wire_error.h"

namespace berth::fakes {

void EngineControl::Fields::refuse(const std::string& why) const { throw WireRefusal{400, where_ + ": " + why}; }

void EngineControl::Fields::only(std::initializer_list<std::string_view> keys) const {
  std::string known;
  for (const auto key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
  for (const auto& [name, value] : object_.items()) {
    if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
    refuse("there is no \"" + name + "\"; expected " + (known.empty() ? "nothing" : known));
  }
}

std::string EngineControl::Fields::text(const char* key) const {
  if (!has(key) || !object_[key].is_string()) refuse(std::string(key) + " must be given, as a string");
  return object_[key].get<std::string>();
}

std::string EngineControl::Fields::text(const char* key, std::string otherwise) const { return has(key) ? text(key) : otherwise; }

int EngineControl::Fields::number(const char* key, int otherwise) const {
  if (!has(key)) return otherwise;
  if (!object_[key].is_number_integer()) refuse(std::string(key) + " must be a whole number");
  return object_[key].get<int>();
}

bool EngineControl::Fields::flag(const char* key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!object_[key].is_boolean()) refuse(std::string(key) + " must be true or false");
  return object_[key].get<bool>();
}

std::optional<base::Duration> EngineControl::Fields::seconds(const char* key) const {
  if (!has(key)) return std::nullopt;
  if (!object_[key].is_number() || object_[key].get<double>() < 0) refuse(std::string(key) + " must be a number of seconds");
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(object_[key].get<double>()));
}

engine::Labels EngineControl::Fields::labels(const char* key) const {
  engine::Labels labels;
  if (!has(key)) return labels;
  if (!object_[key].is_object()) refuse(std::string(key) + " must be an object of strings");
  for (const auto& [name, value] : object_[key].items()) {
    if (!value.is_string()) refuse(std::string(key) + " must be an object of strings");
    labels[name] = value.get<std::string>();
  }
  return labels;
}

std::vector<std::string> EngineControl::Fields::texts(const char* key) const {
  std::vector<std::string> texts;
  if (!has(key)) return texts;
  for (const auto& item : object_[key]) {
    if (!object_[key].is_array() || !item.is_string()) refuse(std::string(key) + " must be a list of strings");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::vector<EngineControl::Fields> EngineControl::Fields::list(const char* key) const {
  std::vector<Fields> items;
  if (!has(key)) return items;
  for (const auto& item : object_[key]) {
    if (!object_[key].is_array() || !item.is_object()) refuse(std::string(key) + " must be a list of objects");
    items.emplace_back(item, where_ + " " + key);
  }
  return items;
}

std::optional<EngineControl::Fields> EngineControl::Fields::object(const char* key) const {
  if (!has(key)) return std::nullopt;
  if (!object_[key].is_object()) refuse(std::string(key) + " must be an object");
  return Fields(object_[key], where_ + " " + key);
}

Reason EngineControl::Fields::reason(const char* key) const {
  const auto name = text(key);
  const auto reason = reason_named(name);
  if (!reason) refuse("there is no reason \"" + name + "\"");
  return *reason;
}

}  // namespace berth::fakes
