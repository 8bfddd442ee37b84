#pragma once

#include "api/http/server.h"
#include "api/registry.h"

namespace berth::api {

// metav1.DeleteOptions, of a query or of a body. Pure. Unknown parameters and fields are ignored; gracePeriodSeconds is read, but no
// kind of berth has a grace period of its own.
// Errors: Invalid for a value that is not supported, BadRequest for what has the wrong type and for another kind.
struct DeleteOptions {
  DeletePreconditions preconditions;
  Propagation propagation = Propagation::Default;
  bool dry_run = false;
};
// A body, even {}, replaces the options of the query; `body` is null when there is none.
Result<DeleteOptions> parse_delete_options(const http::ServerRequest& request, const json& body);

}  // namespace berth::api
