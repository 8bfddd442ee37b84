#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/registry.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// What requests carry. Pure but for the warnings that go to the reply.

enum class BodyFormat { Json, Yaml, Protobuf };

// What the Content-Type says; JSON when there is none. But whoever has neither a token nor the unix socket must name a type: a web
// page cannot send one of these without being asked first, while it can send a body of no type. Errors: UnsupportedMediaType.
Result<BodyFormat> body_format(const http::ServerRequest& request);

struct DecodedBody {
  json value;                           // an object
  std::vector<std::string> duplicates;  // field paths that came more than once
};
// Errors: BadRequest "... (must be of type <kind>) ...: <where and what>".
Result<DecodedBody> decode_body(BodyFormat format, std::string_view body, const std::string& kind);

// The body of what is no object of a registry: options, reviews, berth's own requests. Keys that came twice count once, the last one.
// Errors: UnsupportedMediaType, BadRequest.
Result<json> read_body(const http::ServerRequest& request, const std::string& kind);

// The object of a write to `route`. Keys that came twice obey fieldValidation like unknown ones. Custom resources have no protobuf.
// Errors: UnsupportedMediaType, BadRequest.
Result<json> read_object(const http::ServerRequest& request, const Route& route, FieldValidation validation, Reply& reply);

// A create or an update: its options and its object. `kind` of the options: "CreateOptions", "UpdateOptions".
// Errors: those of parse_write_options() and read_object().
struct WriteRequest {
  WriteOptions options;
  json body;
};
Result<WriteRequest> read_write(const http::ServerRequest& request, const Route& route, const std::string& kind, Reply& reply);

// The DeleteOptions of a DELETE; null when there is no body. Errors: as above.
Result<json> read_delete_body(const http::ServerRequest& request);

}  // namespace berth::api
