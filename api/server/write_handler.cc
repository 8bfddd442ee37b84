#include "api/server/write_handler.h"

#include "api/server/failure.h"
#include "api/server/request_body.h"
#include "api/server/write_options.h"

namespace berth::api {

namespace {

std::string name_in(const json& body) {
  const auto metadata = body.find("metadata");
  if (metadata == body.end() || !metadata->is_object()) return {};
  const auto name = metadata->find("name");
  return name != metadata->end() && name->is_string() ? name->get<std::string>() : std::string();
}

}  // namespace

Task<void> WriteHandler::create(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (route.resource->namespaced && route.ns.empty()) {
    auto error = base::error(Reason::BadRequest, "an empty namespace may not be set during creation");
    co_await send_failure(std::move(error), route, reply);
    co_return;
  }
  auto options = parse_write_options(request, "CreateOptions");
  if (!options) {
    co_await send_failure(options.error(), route, reply);
    co_return;
  }
  auto body = read_object(request, route, options->field_validation, reply);
  if (body.has_error()) {
    co_await send_failure(body.error(), route, reply);
    co_return;
  }
  std::vector<std::string> warnings;
  options->warnings = &warnings;
  Route created = route;
  created.name = name_in(body.value());
  auto object = co_await registry_.create(*route.resource, route.ns, std::move(body.value()), std::move(*options));
  for (auto& warning : warnings) reply.warn(std::move(warning));
  if (!object) {
    co_await send_failure(object.error(), created, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(201, std::move(bytes));
}

Task<void> WriteHandler::update(const http::ServerRequest& request, const Route& route, bool status, Reply& reply) {
  auto options = parse_write_options(request, "UpdateOptions");
  if (!options) {
    co_await send_failure(options.error(), route, reply);
    co_return;
  }
  auto body = read_object(request, route, options->field_validation, reply);
  if (body.has_error()) {
    co_await send_failure(body.error(), route, reply);
    co_return;
  }
  std::vector<std::string> warnings;
  options->warnings = &warnings;
  auto writing = status ? registry_.update_status(*route.resource, route.key(), std::move(body.value()), std::move(*options))
                        : registry_.replace(*route.resource, route.key(), std::move(body.value()), std::move(*options));
  auto object = co_await std::move(writing);
  for (auto& warning : warnings) reply.warn(std::move(warning));
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(200, std::move(bytes));
}

}  // namespace berth::api
