#pragma once

#include "api/server/api_server.h"
#include "api/server/reply.h"

namespace berth::api {

// What the server passes on to the controllers. The caller answers the errors.

// GET .../log?service=&follow=&tailLines=&timestamps=&sinceSeconds=; the service may be left out when there is only one.
Task<Result<void>> serve_log(const EnvironmentOperations& operations, ObjectPtr environment,
                             const http::ServerRequest& request, Reply& reply);

// POST .../attach {"container": "...", "connect": true}
Task<Result<json>> serve_attach(const EnvironmentOperations& operations, ObjectPtr environment,
                                const http::ServerRequest& request);

// POST /berth/v1/reap {"confirm": false, "adopt": false}
Task<Result<json>> serve_reap(const EnvironmentOperations& operations, const http::ServerRequest& request);

}  // namespace berth::api
