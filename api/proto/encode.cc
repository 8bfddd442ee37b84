#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <stdexcept>

#include "api/proto/message.h"
#include "api/proto/proto.h"

namespace berth::proto {

namespace {

[[noreturn]] void refuse(const Message& message, std::string_view member, const char* what) {
  throw std::invalid_argument(std::string(message.name) + ": " + std::string(member) + " " + what);
}

void write_value(protozero::pbf_writer& writer, const Message& message, const Field& field, const json& value) {
  switch (field.type) {
    case Type::String:
      if (!value.is_string()) refuse(message, field.name, "must be a string");
      return writer.add_string(field.number, value.get_ref<const std::string&>());
    case Type::Bool:
      if (!value.is_boolean()) refuse(message, field.name, "must be a boolean");
      return writer.add_bool(field.number, value.get<bool>());
    case Type::Int32:
    case Type::Int64:
      if (!value.is_number_integer()) refuse(message, field.name, "must be an integer");
      return writer.add_int64(field.number, value.get<std::int64_t>());
    case Type::Double:
      if (!value.is_number()) refuse(message, field.name, "must be a number");
      return writer.add_double(field.number, value.get<double>());
    // Not as a nested pbf_writer, which takes back a message that has no fields.
    case Type::Message: return writer.add_message(field.number, encode(*field.message, value));
    case Type::StringMap:
    case Type::BytesMap:
    case Type::QuantityMap:
    case Type::Time:
    case Type::MicroTime:
    case Type::FieldsV1: break;
  }
  refuse(message, field.name, "is of a type that is only read");
}

void write_field(protozero::pbf_writer& writer, const Message& message, const Field& field, const json& value) {
  if (field.label != Label::Repeated) return write_value(writer, message, field, value);
  if (!value.is_array()) refuse(message, field.name, "must be an array");
  for (const auto& item : value) write_value(writer, message, field, item);
}

void write_message(protozero::pbf_writer& writer, const Message& message, const json& value) {
  if (!value.is_object()) refuse(message, "a value", "must be an object");
  std::size_t known = 0;
  for (const auto& field : message.fields) {
    const auto member = value.find(field.name);
    if (member == value.end()) continue;
    ++known;
    if (!member->is_null()) write_field(writer, message, field, *member);
  }
  if (known == value.size()) return;
  for (const auto& [name, member] : value.items()) {
    const bool exists = std::any_of(message.fields.begin(), message.fields.end(), [&](const auto& field) { return field.name == name; });
    if (!exists) refuse(message, name, "is no field of it");
  }
}

}  // namespace

std::string encode(const Message& message, const json& value) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  write_message(writer, message, value);
  return bytes;
}

std::string encode(std::string_view message, const json& value) {
  const auto* found = find_openapi(message);
  if (!found) throw std::invalid_argument("no message is called " + std::string(message));
  return encode(*found, value);
}

}  // namespace berth::proto
