#pragma once

#include <memory>

#include "api/registry.h"
#include "api/server/api_server.h"
#include "api/server/reply.h"
#include "api/server/route.h"

namespace berth::api {

// What is behind /berth/v1/{top,why,preview,archive,inspect}: questions about environments that no Kubernetes API has. Each takes
// ?namespace= (default: "default") and ?name= in its query. Loop thread only; outlives its requests.
//   GET  top      ?namespace=&name=...   what the services use; no name: all of the namespace, no namespace: all there are
//   GET  why      what berth did for an environment, up to an hour after it is gone
//   POST preview  {"object": ...}: what a change would do to each service; the object is what a dry run answered, and is checked again
//   GET  inspect  what the engine says of its containers and networks, without secrets
//   GET  archive  ?service=&path=: a tar archive of what stands there; with stat=true what it is. As a WebSocket of the subprotocol
//                 kArchiveProtocol the other way: binary messages are the archive, an empty one ends it, a text message is the Status
class DebugHandler {
 public:
  DebugHandler(const Registry& registry, base::Clock& clock, const EnvironmentOperations& operations)
      : registry_(registry), clock_(clock), operations_(operations) {}

  // REQUIRES: route.kind is Debug. Answers every request, errors too.
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply);

 private:
  Task<Result<json>> answer(const http::ServerRequest& request, const std::string& what);
  Task<Result<json>> top(const http::ServerRequest& request);
  Result<json> why(const http::ServerRequest& request);
  Result<json> preview(const http::ServerRequest& request);
  Task<Result<json>> inspect(const http::ServerRequest& request);
  Task<Result<void>> archive(const http::ServerRequest& request, Reply& reply);
  Task<Result<void>> unpack(const http::ServerRequest& request, ObjectPtr environment, std::string service, std::string path, Reply& reply);
  Result<ObjectPtr> find(const http::ServerRequest& request) const;

  const Registry& registry_;
  base::Clock& clock_;
  const EnvironmentOperations& operations_;
};

inline constexpr const char* kArchiveProtocol = "v1.archive.berth.dev";

}  // namespace berth::api
