#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/http/server.h"
#include "api/server/document.h"
#include "api/server/health.h"
#include "api/server/openapi.h"
#include "api/server/reply.h"
#include "api/server/route.h"
#include "base/clock.h"

namespace berth::api {

// Answers what is no object: health, version, discovery, OpenAPI. Documents are made when first asked for, and kept. Lives as long as
// the server; loop thread only.
class DocumentHandler {
 public:
  // `ready` are the checks of /readyz besides "ping".
  DocumentHandler(const crd::Scheme& scheme, base::Clock& clock, std::string version, std::vector<HealthCheck> ready);

  // For GET and HEAD of a route that is of none of the kinds Collection, Item, Subresource, Review, Metrics, Reap, Backup, Debug, Unknown.
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply);

 private:
  Task<void> health(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> discovery(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> legacy(const http::ServerRequest& request, const Route& route, Reply& reply);
  Task<void> openapi_v2(const http::ServerRequest& request, Reply& reply);
  Task<void> openapi_v3(const http::ServerRequest& request, const Route& route, Reply& reply);
  // 304 when the client has it already.
  Task<void> send(const http::ServerRequest& request, const Document& document, std::string content_type, http::Headers headers,
                  Reply& reply);
  json legacy_document(const http::ServerRequest& request, const Route& route) const;
  const Document& aggregated(bool core);
  std::vector<std::string> check_paths() const;

  const crd::Scheme& scheme_;
  base::Clock& clock_;
  const std::string version_;
  const std::vector<HealthCheck> live_;
  const std::vector<HealthCheck> ready_;
  OpenApi openapi_;
  Document aggregated_core_;
  Document aggregated_groups_;
};

}  // namespace berth::api
