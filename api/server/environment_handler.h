#pragma once

#include "api/server/api_server.h"
#include "api/server/reply.h"

namespace berth::api {

// What the server passes on to the controllers. The caller answers the errors.

// The service that is meant; `asked` "" is the only one there is. Errors: NotFound, BadRequest with those to choose from.
Result<std::string> choose_service(const Object& environment, const std::string& asked);

// GET .../log?service=&follow=&tailLines=&timestamps=&sinceSeconds=&sinceTime=; the service may be left out when there is only one.
Task<Result<void>> serve_log(const EnvironmentOperations& operations, ObjectPtr environment,
                             const http::ServerRequest& request, Reply& reply);

// POST .../attach {"container": "...", "connect": true}
Task<Result<json>> serve_attach(const EnvironmentOperations& operations, ObjectPtr environment,
                                const http::ServerRequest& request);

// POST /berth/v1/reap {"confirm": false, "adopt": false}
Task<Result<json>> serve_reap(const EnvironmentOperations& operations, const http::ServerRequest& request);

}  // namespace berth::api
