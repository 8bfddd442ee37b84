#pragma once

#include "api/registry.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// delete. Loop thread only; outlives its requests. Each call answers its request, errors too.
class DeleteHandler {
 public:
  explicit DeleteHandler(Registry& registry) : registry_(registry) {}

  Task<void> remove(const http::ServerRequest& request, const Route& route, Reply& reply);

 private:
  Registry& registry_;
};

}  // namespace berth::api
