#pragma once

#include "api/server/options.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// get, list and watch. Loop thread only; outlives its requests. Each call answers its request, errors too.
class ReadHandler {
 public:
  ReadHandler(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics)
      : registry_(registry), clock_(clock), metrics_(metrics) {}

  // GET of an object, or of its status.
  Task<void> get(const http::ServerRequest& request, const Route& route, Reply& reply);
  // GET of a collection: a list, or a watch.
  Task<void> collection(const http::ServerRequest& request, const Route& route, Reply& reply);

 private:
  Task<void> list(const Route& route, const ListOptions& options, Reply& reply);
  Task<void> watch(const Route& route, ListOptions options, Reply& reply);

  Registry& registry_;
  base::Clock& clock_;
  metrics::ApiMetrics& metrics_;
};

}  // namespace berth::api
