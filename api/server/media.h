#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::api {

enum class Media { Json, Yaml };

// The first media type of an Accept header (by q, then by order) that berth can write; "" means anything.
// `stream`: a watch, which is JSON lines only. Errors: NotAcceptable.
Result<Media> negotiate(std::string_view accept, bool stream);

// The format of a request body. Only what a web page cannot send without being asked first is taken: a missing type is
// refused like any other. Errors: UnsupportedMediaType.
Result<Media> body_media(std::string_view content_type);

struct DecodedBody {
  json value;                           // an object
  std::vector<std::string> duplicates;  // field paths that came more than once
};
// Errors: BadRequest "... (must be of type <kind>) ...: <where and what>".
Result<DecodedBody> decode_body(Media media, std::string_view body, const std::string& kind);

}  // namespace berth::api
