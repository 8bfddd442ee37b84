#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crd/object.h"

// What messages look like: for decoder and encoder, and for their tests. Everybody else includes proto.h.
namespace berth::proto {

enum class Type : std::uint8_t {
  String,
  Bool,
  Int32,
  Int64,
  Double,
  Message,
  StringMap,    // map<string, string>
  BytesMap,     // map<string, bytes>: base64 in JSON
  QuantityMap,  // map<string, resource.Quantity>: a string in JSON
  Time,       // metav1.Time: RFC 3339, whole seconds; an empty message is no time
  MicroTime,  // metav1.MicroTime: RFC 3339, microseconds; likewise
  FieldsV1,   // metav1.FieldsV1: the JSON that its bytes hold
};

enum class Label : std::uint8_t {
  Plain,     // the zero value means that nobody set it, though it is on the wire
  Optional,  // the zero value is a value: a pointer in the Go type
  Repeated,
};

struct Message;

struct Field {
  std::uint32_t number = 0;
  std::string_view name;  // the member of the JSON object
  Type type = Type::String;
  Label label = Label::Plain;
  const Message* message = nullptr;  // Type::Message
};

// Short names for the tables.
inline constexpr auto kMessage = Type::Message;
inline constexpr auto kPlain = Label::Plain;
inline constexpr auto kOptional = Label::Optional;
inline constexpr auto kRepeated = Label::Repeated;

struct Message {
  std::string_view name;          // with its package
  std::span<const Field> fields;  // in the order of their numbers
};

// null when berth does not read this kind.
const Message* find_kind(std::string_view api_version, std::string_view kind);
// null when there is no such message.
const Message* find_openapi(std::string_view name);

// Errors: BadRequest "<message>.<field>...: what". Never throws.
Result<json> decode(const Message& message, std::string_view bytes);
// As encode() of proto.h.
std::string encode(const Message& message, const json& value);

}  // namespace berth::proto
