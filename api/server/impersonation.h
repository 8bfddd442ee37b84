#pragma once

#include "api/http/server.h"
#include "base/result.h"

namespace berth::api {

// Whoever may use the API is its one user, and nobody acts as somebody else: a request that asks for it (Impersonate-User, -Group, -Uid,
// -Extra-...; kubectl --as) is refused rather than done with other rights than it asked for. Pure. Errors: Forbidden.
Result<void> check_impersonation(const http::ServerRequest& request);

}  // namespace berth::api
