#pragma once

#include "api/registry.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// create, update and patch. Loop thread only; outlives its requests. Each call answers its request, errors too.
class WriteHandler {
 public:
  explicit WriteHandler(Registry& registry) : registry_(registry) {}

  Task<void> create(const http::ServerRequest& request, const Route& route, Reply& reply);
  // PUT of an object, or of its status.
  Task<void> update(const http::ServerRequest& request, const Route& route, bool status, Reply& reply);
  // PATCH of an object, or of its status; 201 when an apply made it.
  Task<void> patch(const http::ServerRequest& request, const Route& route, bool status, Reply& reply);

 private:
  Registry& registry_;
};

}  // namespace berth::api
