#pragma once

#include "api/server/reply.h"
#include "api/server/route.h"
#include "base/clock.h"

namespace berth::api {

// The reviews with which clients ask what they may do and who they are: SelfSubjectAccessReview and SelfSubjectRulesReview
// (authorization.k8s.io/v1), SelfSubjectReview (authentication.k8s.io/v1). POST answers at once and stores nothing; whoever reaches the
// API may do everything. `route`: group and version, and the plural in `name`. Answers the request, errors too; loop thread only.
// Errors: NotFound (no such review), MethodNotAllowed, NotAcceptable, UnsupportedMediaType, BadRequest, Invalid.
Task<void> serve_review(const http::ServerRequest& request, const Route& route, base::Clock& clock, Reply& reply);

// What serve_review answers to a POST. Pure. Errors: as above but for NotAcceptable.
Result<json> review_answer(const http::ServerRequest& request, const Route& route, base::SystemTime now);

}  // namespace berth::api
