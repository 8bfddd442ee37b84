#pragma once

#include <string>

#include "api/http/server.h"
#include "api/registry.h"

namespace berth::api {

// The query parameters of create, update and patch as values. Pure. Unknown parameters are ignored.
// `kind`: "CreateOptions", "UpdateOptions" or "PatchOptions". fieldManager is the User-Agent up to its first '/' when it is not
// given. Errors: Invalid for a value that is not supported ("CreateOptions.meta.k8s.io \"\" is invalid: dryRun: ...").
Result<WriteOptions> parse_write_options(const http::ServerRequest& request, const std::string& kind);

}  // namespace berth::api
