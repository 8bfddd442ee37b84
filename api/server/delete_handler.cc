#include "api/server/delete_handler.h"

#include "api/server/delete_options.h"
#include "api/server/failure.h"
#include "api/server/options.h"
#include "api/server/request_body.h"
#include "crd/managed_text.h"

namespace berth::api {

namespace {

Result<DeleteOptions> read_delete_options(const http::ServerRequest& request) {
  auto body = read_delete_body(request);
  if (body.has_error()) return body.error();
  return parse_delete_options(request, body.value());
}

json removed_status(const Object& object, const crd::ResourceInfo& resource) {
  json details = {{"name", object.name()}, {"kind", resource.plural}, {"uid", object.uid()}};
  if (!resource.gvk.group.empty()) details["group"] = resource.gvk.group;
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", json::object()},
          {"status", "Success"},
          {"details", std::move(details)}};
}

// What a deletecollection is about.
struct Chosen {
  std::vector<ObjectPtr> objects;
  storage::Revision revision = 0;
};

Result<Chosen> choose(const Registry& registry, const http::ServerRequest& request, const Route& route) {
  auto options = parse_list_options(request, *route.resource);
  if (!options) return options.error();
  auto limit = number_parameter<std::int64_t>(request, "limit", "strconv.ParseInt");
  if (!limit) return limit.error();
  const auto most = limit->value_or(0) > 0 ? static_cast<std::size_t>(**limit) : SIZE_MAX;
  const auto listed = registry.list(*route.resource, route.ns);
  Chosen chosen;
  chosen.revision = listed.revision;
  for (const auto& object : listed.items) {
    if (chosen.objects.size() == most) break;
    if (options->matches(*object)) chosen.objects.push_back(object);
  }
  return chosen;
}

json list_of_chosen(const Chosen& chosen, const crd::ResourceInfo& resource) {
  json items = json::array();
  for (const auto& object : chosen.objects) items.push_back(crd::wire_form(object->body()));
  return {{"apiVersion", resource.gvk.api_version()},
          {"kind", resource.gvk.kind + "List"},
          {"metadata", {{"continue", ""}, {"resourceVersion", std::to_string(chosen.revision)}}},
          {"items", std::move(items)}};
}

}  // namespace

Task<void> DeleteHandler::remove(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto options = read_delete_options(request);
  if (!options) {
    co_await send_failure(options.error(), route, reply);
    co_return;
  }
  auto object = co_await registry_.remove(*route.resource, route.key(), std::move(options->preconditions), options->dry_run,
                                          options->propagation);
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  std::string bytes = (*object)->deleting() ? (*object)->bytes() : crd::dump(removed_status(**object, *route.resource));
  co_await reply.send_bytes(200, std::move(bytes));
}

Task<void> DeleteHandler::remove_collection(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (route.resource->namespaced && route.ns.empty()) {
    co_await refuse_method(request, route, reply);
    co_return;
  }
  auto options = read_delete_options(request);
  if (!options) {
    co_await send_failure(options.error(), route, reply);
    co_return;
  }
  auto chosen = choose(registry_, request, route);
  if (!chosen) {
    co_await send_failure(chosen.error(), route, reply);
    co_return;
  }
  for (const auto& object : chosen->objects) {
    DeletePreconditions preconditions = options->preconditions;
    auto removed = co_await registry_.remove(*route.resource, object->key(), std::move(preconditions), options->dry_run,
                                             options->propagation);
    if (removed.has_value() || removed.error().reason == Reason::NotFound) continue;
    co_await send_failure(removed.error(), route, reply);
    co_return;
  }
  json list = list_of_chosen(*chosen, *route.resource);
  co_await reply.send(200, std::move(list));
}

Task<void> DeleteHandler::finalize(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto read = read_write(request, route, "UpdateOptions", reply);
  if (!read) {
    co_await send_failure(read.error(), route, reply);
    co_return;
  }
  auto finalized = co_await registry_.finalize_namespace(route.name, std::move(read->body), std::move(read->options));
  if (!finalized) {
    co_await send_failure(finalized.error(), route, reply);
    co_return;
  }
  std::string bytes = (*finalized)->bytes();
  co_await reply.send_bytes(200, std::move(bytes));
}

}  // namespace berth::api
