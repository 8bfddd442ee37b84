#pragma once

#include "api/registry.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// delete, deletecollection and finalize. Loop thread only; outlives its requests. Each call answers its request, errors too.
class DeleteHandler {
 public:
  explicit DeleteHandler(Registry& registry) : registry_(registry) {}

  // What is gone is answered with a Status that says so, what waits for finalizers with the object.
  Task<void> remove(const http::ServerRequest& request, const Route& route, Reply& reply);
  // Everything that the selectors of the query choose, one after the other; `limit` of them at most. Answers the list as it was.
  Task<void> remove_collection(const http::ServerRequest& request, const Route& route, Reply& reply);
  // PUT of a namespace's finalize: takes spec.finalizers from the body.
  Task<void> finalize(const http::ServerRequest& request, const Route& route, Reply& reply);

 private:
  Registry& registry_;
};

}  // namespace berth::api
