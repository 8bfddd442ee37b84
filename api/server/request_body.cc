#include "api/server/request_body.h"

#include "api/http/message.h"
#include "api/preconditions.h"
#include "api/proto/proto.h"
#include "api/server/write_options.h"
#include "base/text.h"
#include "crd/yaml.h"

namespace berth::api {

namespace {

Error unreadable(const std::string& kind, const std::string& what) {
  return base::error(Reason::BadRequest, "the object provided is unrecognized (must be of type " + kind +
                                             "): couldn't get version/kind; " + what);
}

Result<DecodedBody> decode_yaml(std::string_view body, const std::string& kind) {
  auto documents = crd::parse_yaml(body);
  if (!documents) return unreadable(kind, "yaml parse error: " + documents.error().message);
  if (documents->size() != 1) {
    return unreadable(kind, "expected one YAML document, found " + std::to_string(documents->size()));
  }
  DecodedBody decoded;
  decoded.value = std::move(documents->front().value);
  decoded.duplicates = std::move(documents->front().duplicate_keys);
  return decoded;
}

Result<DecodedBody> decode_json(std::string_view body, const std::string& kind) {
  DecodedBody decoded;
  auto value = crd::parse_json(body, &decoded.duplicates);
  if (value.has_error()) return unreadable(kind, "json parse error: " + value.error().message);
  decoded.value = std::move(value.value());
  return decoded;
}

Result<DecodedBody> decode_protobuf(std::string_view body, const std::string& kind) {
  auto object = proto::decode_object(body);
  if (object.has_error()) return unreadable(kind, object.error().message);
  return DecodedBody{std::move(object.value()), {}};
}

Error unknown_format() {
  return base::error(Reason::UnsupportedMediaType,
                     "the body of the request was in an unknown format - accepted media types include: "
                     "application/json, application/yaml, application/vnd.kubernetes.protobuf");
}

bool is_safe_without_type(const http::ServerRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  return request.over_unix_socket || http::same_text(request.header("Authorization").substr(0, kBearer.size()), kBearer);
}

}  // namespace

Result<BodyFormat> body_format(const http::ServerRequest& request) {
  const auto content_type = request.header("Content-Type");
  const auto type = base::trimmed(content_type.substr(0, content_type.find(';')));
  if (type.empty() && is_safe_without_type(request)) return BodyFormat::Json;
  if (http::same_text(type, "application/json")) return BodyFormat::Json;
  if (http::same_text(type, "application/yaml")) return BodyFormat::Yaml;
  if (http::same_text(type, "application/vnd.kubernetes.protobuf")) return BodyFormat::Protobuf;
  return unknown_format();
}

Result<DecodedBody> decode_body(BodyFormat format, std::string_view body, const std::string& kind) {
  auto decoded = format == BodyFormat::Yaml   ? decode_yaml(body, kind)
                 : format == BodyFormat::Json ? decode_json(body, kind)
                                              : decode_protobuf(body, kind);
  if (decoded.has_value() && !decoded->value.is_object()) return unreadable(kind, "the body is not an object");
  return decoded;
}

Result<json> read_body(const http::ServerRequest& request, const std::string& kind) {
  auto format = body_format(request);
  if (!format) return format.error();
  auto decoded = decode_body(*format, request.body, kind);
  if (!decoded) return decoded.error();
  return Result<json>(boost::system::in_place_value, std::move(decoded->value));
}

Result<json> read_object(const http::ServerRequest& request, const Route& route, FieldValidation validation,
                         Reply& reply) {
  const auto& gvk = route.resource->gvk;
  auto format = body_format(request);
  if (!format) return format.error();
  if (*format == BodyFormat::Protobuf && is_custom(*route.resource)) return unknown_format();
  auto decoded = decode_body(*format, request.body, gvk.kind);
  if (!decoded) return decoded.error();
  if (decoded->duplicates.empty() || validation == FieldValidation::Ignore) {
    return Result<json>(boost::system::in_place_value, std::move(decoded->value));
  }
  std::string fields;
  for (const auto& field : decoded->duplicates) {
    const auto text = "duplicate field \"" + field + "\"";
    fields += (fields.empty() ? "" : ", ") + text;
    if (validation == FieldValidation::Warn) reply.warn(text);
  }
  if (validation == FieldValidation::Strict) {
    return base::error(Reason::BadRequest, gvk.kind + " in version \"" + gvk.version + "\" cannot be handled as a " +
                                               gvk.kind + ": strict decoding error: " + fields);
  }
  return Result<json>(boost::system::in_place_value, std::move(decoded->value));
}

Result<WriteRequest> read_write(const http::ServerRequest& request, const Route& route, const std::string& kind, Reply& reply) {
  auto options = parse_write_options(request, kind);
  if (!options) return options.error();
  auto body = read_object(request, route, options->field_validation, reply);
  if (body.has_error()) return body.error();
  return WriteRequest{std::move(*options), std::move(body.value())};
}

Result<json> read_delete_body(const http::ServerRequest& request) {
  if (request.body.empty()) return Result<json>(boost::system::in_place_value, nullptr);
  return read_body(request, "DeleteOptions");
}

}  // namespace berth::api
