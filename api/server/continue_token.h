#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::api {

// Where the next page of a list begins: what ?continue= carries. Clients take it as opaque.
struct ContinueToken {
  static constexpr std::int64_t kInconsistent = -1;
  std::int64_t revision = kInconsistent;  // of the snapshot that all pages show; kInconsistent: whatever is there by then
  ObjectKey start;                        // the first key that may be on it, see after()

  // The first key behind that of `object`.
  static ObjectKey after(const Object& object);
};

// URL-safe base64 without padding of {"v":"meta.k8s.io/v1","rv":188,"start":"ns/name\u0000"}.
std::string encode_continue(const ContinueToken& token);
// Errors: BadRequest "invalid continue token: ...".
Result<ContinueToken> decode_continue(std::string_view text);

}  // namespace berth::api
