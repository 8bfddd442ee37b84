#include "api/server/write_handler.h"

#include "api/errors.h"
#include "api/preconditions.h"
#include "api/server/failure.h"
#include "api/server/patch_body.h"
#include "api/server/request_body.h"
#include "api/server/write_options.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

std::string name_in(const json& body) { return crd::text_at(crd::object_at(body, "metadata"), "name"); }

// Berth's own parts write the status of whatever is there; clients say what they looked at.
bool lacks_revision(const crd::ResourceInfo& resource, const json& body) {
  return is_custom(resource) && crd::text_at(crd::object_at(body, "metadata"), "resourceVersion").empty();
}

Task<void> answer(int status, Result<ObjectPtr> object, std::vector<std::string> warnings, const Route& route, Reply& reply) {
  for (auto& warning : warnings) reply.warn(std::move(warning));
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(status, std::move(bytes));
}

}  // namespace

Task<void> WriteHandler::create(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (route.resource->namespaced && route.ns.empty()) {
    auto error = base::error(Reason::BadRequest, "an empty namespace may not be set during creation");
    co_await send_failure(std::move(error), route, reply);
    co_return;
  }
  auto read = read_write(request, route, "CreateOptions", reply);
  if (!read) {
    co_await send_failure(read.error(), route, reply);
    co_return;
  }
  std::vector<std::string> warnings;
  read->options.warnings = &warnings;
  Route created = route;
  created.name = name_in(read->body);
  auto object = co_await registry_.create(*route.resource, route.ns, std::move(read->body), std::move(read->options));
  co_await answer(201, std::move(object), std::move(warnings), created, reply);
}

Task<void> WriteHandler::update(const http::ServerRequest& request, const Route& route, bool status, Reply& reply) {
  auto read = read_write(request, route, "UpdateOptions", reply);
  if (!read) {
    co_await send_failure(read.error(), route, reply);
    co_return;
  }
  if (status && lacks_revision(*route.resource, read->body) && registry_.get(*route.resource, route.key())) {
    co_await send_failure(revision_required(*route.resource, route.name), route, reply);
    co_return;
  }
  std::vector<std::string> warnings;
  read->options.warnings = &warnings;
  auto writing = status ? registry_.update_status(*route.resource, route.key(), std::move(read->body), std::move(read->options))
                        : registry_.replace(*route.resource, route.key(), std::move(read->body), std::move(read->options));
  auto object = co_await std::move(writing);
  co_await answer(200, std::move(object), std::move(warnings), route, reply);
}

Task<void> WriteHandler::patch(const http::ServerRequest& request, const Route& route, bool status, Reply& reply) {
  auto type = patch_type(request.header("Content-Type"), *route.resource);
  if (!type) {
    co_await send_failure(type.error(), route, reply);
    co_return;
  }
  auto options = parse_patch_options(request, *type == PatchType::Apply);
  if (!options) {
    co_await send_failure(options.error(), route, reply);
    co_return;
  }
  auto patch = read_patch(*type, request.body);
  if (patch.has_error()) {
    co_await send_failure(patch.error(), route, reply);
    co_return;
  }
  patch->force = options->force;
  std::vector<std::string> warnings;
  options->write.warnings = &warnings;
  auto patched =
      co_await registry_.patch(*route.resource, route.key(), std::move(patch.value()), std::move(options->write), status);
  const int code = patched.has_value() && patched->created ? 201 : 200;
  auto object = patched.has_value() ? Result<ObjectPtr>(std::move(patched->object)) : Result<ObjectPtr>(patched.error());
  co_await answer(code, std::move(object), std::move(warnings), route, reply);
}

}  // namespace berth::api
