#pragma once

#include <memory>

#include "api/server/api_server.h"
#include "api/server/options.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// The verbs on objects: get, list, watch, create, replace, delete, status, and what a TestEnvironment has besides (log, attach).
// Loop thread only; outlives its requests.
class ResourceHandler {
 public:
  ResourceHandler(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics,
                  const EnvironmentOperations& operations)
      : registry_(registry), clock_(clock), metrics_(metrics), operations_(operations) {}

  // `route` is a Collection, Item or Subresource. Answers every request, errors too.
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply);

 private:
  Task<void> collection(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> item(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> subresource(const http::ServerRequest& request, const Route& route, Reply& reply);

  Task<void> get(const Route& route, Reply& reply);
  Task<void> list(const Route& route, const ListOptions& options, Reply& reply);
  Task<void> watch(const Route& route, ListOptions options, Reply& reply);
  Task<void> create(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> update(const http::ServerRequest& request, const Route& route, bool status, Reply& reply);
  Task<void> remove(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> log(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> attach(const http::ServerRequest& request, const Route& route, Reply& reply);

  Task<void> fail(Error error, const Route& route, Reply& reply);
  Task<void> refuse_method(const http::ServerRequest& request, const Route& route, Reply& reply);

  Registry& registry_;
  base::Clock& clock_;
  metrics::ApiMetrics& metrics_;
  const EnvironmentOperations& operations_;
};

}  // namespace berth::api
