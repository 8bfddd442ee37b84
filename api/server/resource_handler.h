#pragma once

#include <memory>

#include "api/server/api_server.h"
#include "api/server/delete_handler.h"
#include "api/server/pod_handler.h"
#include "api/server/read_handler.h"
#include "api/server/write_handler.h"

namespace berth::api {

// From a path and a method to its verb: ReadHandler, WriteHandler, DeleteHandler, and what a TestEnvironment has besides (log, attach).
// Loop thread only; outlives its requests.
class ResourceHandler {
 public:
  ResourceHandler(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics,
                  const EnvironmentOperations& operations)
      : registry_(registry), operations_(operations), reads_(registry, clock, metrics), writes_(registry), deletes_(registry),
        pods_(registry, clock, operations.pods) {}

  // `route` is a Collection, Item or Subresource. Answers every request, errors too.
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply);

 private:
  Task<void> collection(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> item(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> subresource(const http::ServerRequest& request, const Route& route, Reply& reply);

  Task<void> log(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> attach(const http::ServerRequest& request, const Route& route, Reply& reply);

  Registry& registry_;
  const EnvironmentOperations& operations_;
  ReadHandler reads_;
  WriteHandler writes_;
  DeleteHandler deletes_;
  PodHandler pods_;
};

}  // namespace berth::api
