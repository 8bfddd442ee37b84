#pragma once

#include <initializer_list>
#include <optional>

#include "tests/fakes/engine_control.h"
#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

// The members of one body, read with their types; whatever is wrong throws WireRefusal (400).
class EngineControl::Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  // No other members than these.
  void only(std::initializer_list<std::string_view> keys) const;
  bool has(const char* key) const { return object_.contains(key); }
  std::string text(const char* key) const;  // must be there
  std::string text(const char* key, std::string otherwise) const;
  int number(const char* key, int otherwise) const;
  bool flag(const char* key, bool otherwise) const;
  std::optional<base::Duration> seconds(const char* key) const;
  engine::Labels labels(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<Fields> list(const char* key) const;
  std::optional<Fields> object(const char* key) const;
  Reason reason(const char* key) const;
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  const Json& object_;
  std::string where_;
};

}  // namespace berth::fakes
