#pragma once

#include <string_view>

#include "crd/object.h"

namespace berth::api {

enum class Media { Json, Yaml };

// The first media type of an Accept header (by q, then by order) that berth can write; "" means anything.
// `stream`: a watch, which is JSON lines only. Errors: NotAcceptable.
Result<Media> negotiate(std::string_view accept, bool stream);

}  // namespace berth::api
