#pragma once

#include "api/http/server.h"
#include "api/registry.h"

namespace berth::api {

// metav1.DeleteOptions, of a query or of a body. Pure. Unknown parameters and fields are ignored.
// Errors: Invalid for a value that is not supported, BadRequest for what has the wrong type.
struct DeleteOptions {
  DeletePreconditions preconditions;
  bool dry_run = false;
};
// A body, even {}, replaces the options of the query; `body` is null when there is none.
Result<DeleteOptions> parse_delete_options(const http::ServerRequest& request, const json& body);

}  // namespace berth::api
