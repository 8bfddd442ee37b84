#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::http {

// RFC 3986 percent-encoding of one path segment or query value.
std::string percent_encode(std::string_view text);
// Errors: BadRequest (a '%' that no two hex digits follow).
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

// A request target in origin form, decoded. A name without '=' has the value "".
struct Target {
  std::string path;
  std::multimap<std::string, std::string> query;  // equal names keep their order
};
// Errors: BadRequest (no leading '/', bad escapes, an escaped NUL).
Result<Target> parse_target(std::string_view target);

}  // namespace berth::http
