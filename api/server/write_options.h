#pragma once

#include <string>

#include "api/http/server.h"
#include "api/registry.h"

namespace berth::api {

// The query parameters of create, update and patch as values. Pure. Unknown parameters are ignored.
// Errors: Invalid for a value that is not supported ("CreateOptions.meta.k8s.io \"\" is invalid: dryRun: ...").

// `kind`: "CreateOptions" or "UpdateOptions". fieldManager is the User-Agent up to its first '/' when it is not given.
Result<WriteOptions> parse_write_options(const http::ServerRequest& request, const std::string& kind);

struct PatchOptions {
  WriteOptions write;
  bool force = false;
};
// `apply`: fieldManager must be given, and only then force may be.
Result<PatchOptions> parse_patch_options(const http::ServerRequest& request, bool apply);

}  // namespace berth::api
