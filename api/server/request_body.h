#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/server/options.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// What requests carry. Pure but for the warnings that go to the reply.

// The format of a request body. Only what a web page cannot send without being asked first is taken: a missing type is
// refused like any other. Errors: UnsupportedMediaType.
Result<Media> body_media(std::string_view content_type);

struct DecodedBody {
  json value;                           // an object
  std::vector<std::string> duplicates;  // field paths that came more than once
};
// Errors: BadRequest "... (must be of type <kind>) ...: <where and what>".
Result<DecodedBody> decode_body(Media media, std::string_view body, const std::string& kind);

// The object of a write to `route`. Keys that came twice obey fieldValidation like unknown ones. Errors: UnsupportedMediaType,
// BadRequest.
Result<json> read_object(const http::ServerRequest& request, const Route& route, FieldValidation validation, Reply& reply);

// The DeleteOptions of a DELETE; null when there is no body. Errors: as above.
Result<json> read_delete_body(const http::ServerRequest& request);

}  // namespace berth::api
