#include <algorithm>
#include <protozero/pbf_reader.hpp>
#include <vector>

#include "api/proto/message.h"
#include "api/proto/proto.h"
#include "base/text.h"
#include "base/time.h"
#include "crd/formats.h"

namespace berth::proto {

namespace {

using Reader = protozero::pbf_reader;
using WireType = protozero::pbf_wire_type;

constexpr int kMaxDepth = 100;
// A few bytes can make a value that takes a hundred in memory; no object that people send has nearly as many.
constexpr int kMaxValues = 100'000;
// What base::SystemTime holds, roughly: the years 1685 to 2255.
constexpr std::int64_t kMaxSeconds = 9'000'000'000;

// Leaves the decoder as an Error.
struct Broken {
  std::string what;
};

protozero::data_view view_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

std::string_view bytes_of(Reader& reader) {
  const auto view = reader.get_view();
  return {view.data(), view.size()};
}

WireType wire_type_of(Type type) {
  switch (type) {
    case Type::Bool:
    case Type::Int32:
    case Type::Int64: return WireType::varint;
    case Type::Double: return WireType::fixed64;
    default: return WireType::length_delimited;
  }
}

void expect(const Reader& reader, WireType type) {
  if (reader.wire_type() != type) throw Broken{"does not have the wire type of its field"};
}

std::string text_of(Reader& reader) {
  expect(reader, WireType::length_delimited);
  const auto text = bytes_of(reader);
  if (!base::is_utf8(text)) throw Broken{"is not UTF-8"};
  return std::string(text);
}

// "" for no time.
std::string time_of(std::string_view bytes, bool micro) {
  if (bytes.empty()) return {};
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  for (Reader reader(view_of(bytes)); reader.next();) {
    if (reader.tag() > 2) {
      reader.skip();
      continue;
    }
    expect(reader, WireType::varint);
    if (reader.tag() == 1) {
      seconds = reader.get_int64();
    } else {
      nanos = reader.get_int32();
    }
  }
  if (seconds < -kMaxSeconds || seconds > kMaxSeconds || nanos < 0 || nanos > 999'999'999) throw Broken{"is no time that berth knows"};
  const base::SystemTime time(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
  return micro ? base::format_micro_time(time) : base::format_time(time);
}

// resource.Quantity holds its text.
std::string quantity_of(std::string_view bytes) {
  std::string text;
  for (Reader reader(view_of(bytes)); reader.next();) {
    if (reader.tag() == 1) {
      text = text_of(reader);
    } else {
      reader.skip();
    }
  }
  return text;
}

std::string map_value(Type type, Reader& reader) {
  if (type == Type::StringMap) return text_of(reader);
  expect(reader, WireType::length_delimited);
  return type == Type::BytesMap ? crd::encode_base64(bytes_of(reader)) : quantity_of(bytes_of(reader));
}

void read_map_entry(Type type, std::string_view bytes, json& map) {
  std::string key, value;
  for (Reader reader(view_of(bytes)); reader.next();) {
    switch (reader.tag()) {
      case 1: key = text_of(reader); break;
      case 2: value = map_value(type, reader); break;
      default: reader.skip();
    }
  }
  map[key] = std::move(value);
}

json fields_v1_of(std::string_view bytes) {
  json fields;
  for (Reader reader(view_of(bytes)); reader.next();) {
    if (reader.tag() != 1) {
      reader.skip();
      continue;
    }
    expect(reader, WireType::length_delimited);
    auto parsed = crd::parse_json(bytes_of(reader));
    if (parsed.has_error()) throw Broken{"is not JSON: " + parsed.error().message};
    fields = std::move(parsed.value());
  }
  return fields;
}

bool is_map(Type type) { return type == Type::StringMap || type == Type::BytesMap || type == Type::QuantityMap; }

bool is_zero(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_null() || (value.is_number() && value == 0);
}

class Decoder {
 public:
  void read(const Message& message, std::string_view bytes, json& into) {
    if (static_cast<int>(path_.size()) > kMaxDepth) throw Broken{"is nested too deeply"};
    for (Reader reader(view_of(bytes)); reader.next();) {
      const auto tag = reader.tag();
      const auto field = std::lower_bound(message.fields.begin(), message.fields.end(), tag,
                                          [](const Field& one, std::uint32_t number) { return one.number < number; });
      if (field == message.fields.end() || field->number != tag) {
        reader.skip();
        continue;
      }
      path_.push_back(field->name);
      if (++values_ > kMaxValues) throw Broken{"more than " + std::to_string(kMaxValues) + " values in one object"};
      expect(reader, wire_type_of(field->type));
      read_field(*field, reader, into);
      path_.pop_back();
    }
  }

  // Where it was when it threw.
  std::string path() const {
    std::string text;
    for (const auto name : path_) {
      text += '.';
      text += name;
    }
    return text;
  }

 private:
  void read_field(const Field& field, Reader& reader, json& into) {
    const std::string name(field.name);
    if (is_map(field.type)) return read_map_entry(field.type, bytes_of(reader), into[name]);
    if (field.type == Type::Message) {
      auto& member = into[name];
      if (field.label == Label::Repeated) member.push_back(nullptr);
      auto& object = field.label == Label::Repeated ? member.back() : member;
      if (object.is_null()) object = json::object();
      return read(*field.message, bytes_of(reader), object);
    }
    json value = scalar(field.type, reader);
    if (field.label == Label::Repeated) {
      into[name].push_back(std::move(value));
    } else if (field.label == Label::Plain && is_zero(value)) {
      into.erase(name);
    } else {
      into[name] = std::move(value);
    }
  }

  static json scalar(Type type, Reader& reader) {
    switch (type) {
      case Type::Bool: return reader.get_bool();
      case Type::Int32: return reader.get_int32();
      case Type::Int64: return reader.get_int64();
      case Type::Double: return reader.get_double();
      case Type::Time: return time_of(bytes_of(reader), false);
      case Type::MicroTime: return time_of(bytes_of(reader), true);
      case Type::FieldsV1: return fields_v1_of(bytes_of(reader));
      default: return text_of(reader);
    }
  }

  std::vector<std::string_view> path_;
  int values_ = 0;
};

struct Envelope {
  std::string api_version;
  std::string kind;
  std::string content_encoding;
  std::string_view raw;
};

void read_type_meta(std::string_view bytes, Envelope& envelope) {
  for (Reader reader(view_of(bytes)); reader.next();) {
    switch (reader.tag()) {
      case 1: envelope.api_version = text_of(reader); break;
      case 2: envelope.kind = text_of(reader); break;
      default: reader.skip();
    }
  }
}

// runtime.Unknown.
Envelope read_envelope(std::string_view bytes) {
  Envelope envelope;
  for (Reader reader(view_of(bytes)); reader.next();) {
    if (reader.tag() > 3) {
      reader.skip();
      continue;
    }
    expect(reader, WireType::length_delimited);
    switch (reader.tag()) {
      case 1: read_type_meta(bytes_of(reader), envelope); break;
      case 2: envelope.raw = bytes_of(reader); break;
      default: envelope.content_encoding = text_of(reader);
    }
  }
  return envelope;
}

Error bad_bytes(const std::string& what) { return base::error(Reason::BadRequest, "protobuf: " + what); }

}  // namespace

Result<json> decode(const Message& message, std::string_view bytes) {
  Decoder decoder;
  const auto where = [&] { return std::string(message.name) + decoder.path() + ": "; };
  try {
    json value = json::object();
    decoder.read(message, bytes, value);
    return Result<json>(boost::system::in_place_value, std::move(value));
  } catch (const Broken& broken) {
    return bad_bytes(where() + broken.what);
  } catch (const protozero::exception& broken) {
    return bad_bytes(where() + broken.what());
  }
}

Result<json> decode_object(std::string_view body) {
  constexpr std::string_view kMagic("k8s\0", 4);
  if (!body.starts_with(kMagic)) return bad_bytes("the body does not begin with 6b 38 73 00 (\"k8s\" and a zero byte)");
  Envelope envelope;
  try {
    envelope = read_envelope(body.substr(kMagic.size()));
  } catch (const Broken& broken) {
    return bad_bytes("the envelope " + broken.what);
  } catch (const protozero::exception& broken) {
    return bad_bytes(std::string("the envelope is broken: ") + broken.what());
  }
  if (!envelope.content_encoding.empty()) return bad_bytes("content encoding \"" + envelope.content_encoding + "\" is not read");
  const auto* message = find_kind(envelope.api_version, envelope.kind);
  if (!message) {
    return bad_bytes("no kind \"" + envelope.kind + "\" of version \"" + envelope.api_version +
                     "\" is read in this format: send it as application/json");
  }
  auto object = decode(*message, envelope.raw);
  if (object.has_value()) {
    (*object)["apiVersion"] = std::move(envelope.api_version);
    (*object)["kind"] = std::move(envelope.kind);
  }
  return object;
}

}  // namespace berth::proto
