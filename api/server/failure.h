#pragma once

#include <string>

#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// Answers with the metav1.Status of `error`, whose details name the object of `route` as an API server does: the plural resource,
// or the Kind for Invalid; the options' kind when they are what is wrong. Arguments are moved in; loop thread only.
Task<void> send_failure(Error error, const Route& route, Reply& reply);

// What the request does, in the words of discovery; "" when its method is none of the API's.
std::string verb_of(const http::ServerRequest& request, const Route& route);

// 405: "delete is not supported on resources of kind "testenvironments.berth.dev"".
Task<void> refuse_method(const http::ServerRequest& request, const Route& route, Reply& reply);

}  // namespace berth::api
