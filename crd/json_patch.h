#pragma once

#include "crd/object.h"

namespace berth::crd {

// What a JSON patch may cost.
struct JsonPatchLimits {
  std::size_t operations = 10'000;
  std::size_t copied_bytes = 3 * 1024 * 1024;  // by copy operations, together
  std::size_t depth = 128;                     // of the result
  std::size_t work = 10'000'000;               // values looked at or shifted in lists, together
};

// RFC 6902. `test` of null also holds where there is no such member, as Kubernetes' clients expect. Pure.
// Errors: BadRequest (no list of operations; an operation that is none; nested too deeply), RequestEntityTooLarge (limits),
// Invalid with the text kPatchRejected (a test that fails, a path that is not there).
Result<json> apply_json_patch(json document, const json& patch, const JsonPatchLimits& limits = {});

// All that a Kubernetes API server says of a patch that does not fit its object.
inline constexpr std::string_view kPatchRejected = "the server rejected our request due to an error in our request";

}  // namespace berth::crd
