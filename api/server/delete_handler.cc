#include "api/server/delete_handler.h"

#include "api/server/delete_options.h"
#include "api/server/failure.h"
#include "api/server/request_body.h"

namespace berth::api {

namespace {

json removed_status(const Object& object, const crd::ResourceInfo& resource) {
  json details = {{"name", object.name()}, {"kind", resource.plural}, {"uid", object.uid()}};
  if (!resource.gvk.group.empty()) details["group"] = resource.gvk.group;
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", json::object()},
          {"status", "Success"},
          {"details", std::move(details)}};
}

}  // namespace

Task<void> DeleteHandler::remove(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto body = read_delete_body(request);
  if (body.has_error()) {
    co_await send_failure(body.error(), route, reply);
    co_return;
  }
  auto options = parse_delete_options(request, body.value());
  if (!options) {
    co_await send_failure(options.error(), route, reply);
    co_return;
  }
  auto object = co_await registry_.remove(*route.resource, route.key(), std::move(options->preconditions), options->dry_run);
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  if ((*object)->deleting()) {
    std::string bytes = (*object)->bytes();
    co_await reply.send_bytes(200, std::move(bytes));
  } else {
    json status = removed_status(**object, *route.resource);
    co_await reply.send(200, std::move(status));
  }
}

}  // namespace berth::api
