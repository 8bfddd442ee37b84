#include "api/server/resource_handler.h"

#include "api/server/environment_handler.h"
#include "api/server/watch_stream.h"

namespace berth::api {

namespace {

using Kind = Route::Kind;

std::string plural_of(const Route& route) { return route.resource->plural; }

ErrorSubject subject_of(const Error& error, const Route& route, const std::string& name) {
  constexpr Reason kWithoutDetails[] = {Reason::BadRequest, Reason::NotAcceptable, Reason::UnsupportedMediaType,
                                        Reason::InternalError};
  for (const auto reason : kWithoutDetails) {
    if (error.reason == reason) return {};
  }
  // An invalid option is about the options, not about the object: "CreateOptions.meta.k8s.io ...".
  if (const auto dot = error.message.find(".meta.k8s.io \"\" is invalid"); dot != std::string::npos) {
    return {"", "meta.k8s.io", error.message.substr(0, dot)};
  }
  const auto& gvk = route.resource->gvk;
  return {name, gvk.group, error.reason == Reason::Invalid ? gvk.kind : plural_of(route)};
}

std::string name_in(const json& body) {
  const auto metadata = body.find("metadata");
  if (metadata == body.end() || !metadata->is_object()) return {};
  const auto name = metadata->find("name");
  return name != metadata->end() && name->is_string() ? name->get<std::string>() : std::string();
}

// The decoded body of a write. Keys that came twice obey fieldValidation like unknown ones.
Result<json> read_object(const http::ServerRequest& request, const Route& route, FieldValidation validation,
                         Reply& reply) {
  const auto& gvk = route.resource->gvk;
  auto media = body_media(request.header("Content-Type"));
  if (!media) return media.error();
  auto decoded = decode_body(*media, request.body, gvk.kind);
  if (!decoded) return decoded.error();
  if (decoded->duplicates.empty() || validation == FieldValidation::Ignore) {
    return Result<json>(boost::system::in_place_value, std::move(decoded->value));
  }
  std::string fields;
  for (const auto& field : decoded->duplicates) {
    const auto text = "duplicate field \"" + field + "\"";
    fields += (fields.empty() ? "" : ", ") + text;
    if (validation == FieldValidation::Warn) reply.warn(text);
  }
  if (validation == FieldValidation::Strict) {
    return base::error(Reason::BadRequest, gvk.kind + " in version \"" + gvk.version + "\" cannot be handled as a " +
                                               gvk.kind + ": strict decoding error: " + fields);
  }
  return Result<json>(boost::system::in_place_value, std::move(decoded->value));
}

}  // namespace

Task<void> ResourceHandler::fail(Error error, const Route& route, Reply& reply) {
  auto subject = subject_of(error, route, route.name);
  co_await reply.send_error(std::move(error), std::move(subject));
}

Task<void> ResourceHandler::refuse_method(const http::ServerRequest& request, const Route& route, Reply& reply) {
  std::string verb = request.method;
  if (request.method == "GET") verb = "get";
  if (request.method == "POST") verb = "create";
  if (request.method == "PUT") verb = "update";
  if (request.method == "PATCH") verb = "patch";
  if (request.method == "DELETE") verb = route.kind == Kind::Collection ? "deletecollection" : "delete";
  auto error = base::error(Reason::MethodNotAllowed, verb + " is not supported on resources of kind \"" +
                                                         route.resource->group_resource() + "\"");
  ErrorSubject subject{"", route.resource->gvk.group, plural_of(route)};
  co_await reply.send_error(std::move(error), std::move(subject));
}

Task<void> ResourceHandler::handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply) {
  const bool known = request->method == "GET" || request->method == "POST" || request->method == "PUT" ||
                     request->method == "DELETE" || request->method == "PATCH";
  reply.set_labels(request->method == "HEAD" ? "GET" : known ? request->method : "OTHER", plural_of(route));
  const bool is_log = route.kind == Kind::Subresource && route.subresource == "log";
  if (!is_log) {
    const bool stream = route.kind == Kind::Collection && is_true(request->query_value("watch"));
    auto media = negotiate(request->header("Accept"), stream);
    if (!media) {
      co_await fail(media.error(), route, reply);
      co_return;
    }
    reply.set_media(*media);
  }
  switch (route.kind) {
    case Kind::Collection: co_await collection(*request, route, reply); break;
    case Kind::Item: co_await item(*request, route, reply); break;
    default: co_await subresource(*request, route, reply); break;
  }
}

Task<void> ResourceHandler::collection(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (request.method == "POST") {
    co_await create(request, route, reply);
  } else if (request.method == "GET" || request.method == "HEAD") {
    auto options = parse_list_options(request, *route.resource);
    if (!options) {
      co_await fail(options.error(), route, reply);
    } else if (options->watch && request.method == "GET") {
      co_await watch(route, std::move(*options), reply);
    } else {
      co_await list(route, *options, reply);
    }
  } else {
    co_await refuse_method(request, route, reply);
  }
}

Task<void> ResourceHandler::item(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (request.method == "GET" || request.method == "HEAD") {
    co_await get(route, reply);
  } else if (request.method == "PUT") {
    co_await update(request, route, false, reply);
  } else if (request.method == "DELETE") {
    co_await remove(request, route, reply);
  } else {
    co_await refuse_method(request, route, reply);
  }
}

Task<void> ResourceHandler::subresource(const http::ServerRequest& request, const Route& route, Reply& reply) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool environment = route.resource->gvk.kind == "TestEnvironment";
  const bool status = route.subresource == "status" && route.resource->has_status;
  const bool log_part = route.subresource == "log" && environment;
  const bool attach_part = route.subresource == "attach" && environment;
  if (!status && !log_part && !attach_part) {
    auto missing = base::error(Reason::NotFound, route.resource->group_resource() + " \"" + route.name + "\" not found");
    co_await fail(std::move(missing), route, reply);
  } else if (status && reads) {
    co_await get(route, reply);
  } else if (status && request.method == "PUT") {
    co_await update(request, route, true, reply);
  } else if (log_part && request.method == "GET") {
    co_await log(request, route, reply);
  } else if (attach_part && request.method == "POST") {
    co_await attach(request, route, reply);
  } else {
    co_await refuse_method(request, route, reply);
  }
}

Task<void> ResourceHandler::get(const Route& route, Reply& reply) {
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await fail(object.error(), route, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(200, std::move(bytes));
}

Task<void> ResourceHandler::list(const Route& route, const ListOptions& options, Reply& reply) {
  reply.set_labels("LIST", plural_of(route));
  const auto result = registry_.list(*route.resource, route.ns);
  const auto asked = options.revision.value_or(0);
  if (asked > result.revision) {
    auto error = base::error(Reason::Timeout, "Timeout: Too large resource version: " + std::to_string(asked) +
                                                  ", current: " + std::to_string(result.revision));
    error.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
    co_await fail(std::move(error), route, reply);
    co_return;
  }
  if (options.exact && asked != result.revision) {
    auto error = base::error(Reason::Expired, "The resourceVersion for the provided list is too old.");
    co_await fail(std::move(error), route, reply);
    co_return;
  }
  const auto& gvk = route.resource->gvk;
  std::string bytes = "{\"apiVersion\":" + crd::dump(gvk.api_version()) + ",\"items\":[";
  bool first = true;
  for (const auto& object : result.items) {
    if (!options.matches(*object)) continue;
    if (!first) bytes += ',';
    first = false;
    bytes += object->bytes();
  }
  bytes += "],\"kind\":" + crd::dump(gvk.kind + "List") + ",\"metadata\":{\"continue\":\"\",\"resourceVersion\":\"" +
           std::to_string(result.revision) + "\"}}";
  co_await reply.send_bytes(200, std::move(bytes));
}

namespace {

class WatcherCount {
 public:
  WatcherCount(metrics::ApiMetrics& metrics, std::string resource) : metrics_(metrics), resource_(std::move(resource)) {
    metrics_.watchers(resource_, 1);
  }
  WatcherCount(const WatcherCount&) = delete;
  ~WatcherCount() { metrics_.watchers(resource_, -1); }

 private:
  metrics::ApiMetrics& metrics_;
  std::string resource_;
};

}  // namespace

Task<void> ResourceHandler::watch(const Route& route, ListOptions options, Reply& reply) {
  reply.set_labels("WATCH", plural_of(route));
  const WatcherCount count(metrics_, plural_of(route));
  co_await serve_watch(registry_, clock_, *route.resource, route.ns, std::move(options), reply);
}

Task<void> ResourceHandler::create(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (route.resource->namespaced && route.ns.empty()) {
    auto error = base::error(Reason::BadRequest, "an empty namespace may not be set during creation");
    co_await fail(std::move(error), route, reply);
    co_return;
  }
  auto options = parse_write_options(request, "CreateOptions");
  if (!options) {
    co_await fail(options.error(), route, reply);
    co_return;
  }
  auto body = read_object(request, route, options->field_validation, reply);
  if (body.has_error()) {
    co_await fail(body.error(), route, reply);
    co_return;
  }
  std::vector<std::string> warnings;
  options->warnings = &warnings;
  Route created = route;
  created.name = name_in(body.value());
  auto object = co_await registry_.create(*route.resource, route.ns, std::move(body.value()), std::move(*options));
  for (auto& warning : warnings) reply.warn(std::move(warning));
  if (!object) {
    co_await fail(object.error(), created, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(201, std::move(bytes));
}

Task<void> ResourceHandler::update(const http::ServerRequest& request, const Route& route, bool status, Reply& reply) {
  auto options = parse_write_options(request, "UpdateOptions");
  if (!options) {
    co_await fail(options.error(), route, reply);
    co_return;
  }
  auto body = read_object(request, route, options->field_validation, reply);
  if (body.has_error()) {
    co_await fail(body.error(), route, reply);
    co_return;
  }
  std::vector<std::string> warnings;
  options->warnings = &warnings;
  auto writing = status ? registry_.update_status(*route.resource, route.key(), std::move(body.value()), std::move(*options))
                        : registry_.replace(*route.resource, route.key(), std::move(body.value()), std::move(*options));
  auto object = co_await std::move(writing);
  for (auto& warning : warnings) reply.warn(std::move(warning));
  if (!object) {
    co_await fail(object.error(), route, reply);
    co_return;
  }
  std::string bytes = (*object)->bytes();
  co_await reply.send_bytes(200, std::move(bytes));
}

namespace {

// null when there is no body.
Result<json> read_delete_body(const http::ServerRequest& request) {
  if (request.body.empty()) return Result<json>(boost::system::in_place_value, nullptr);
  auto media = body_media(request.header("Content-Type"));
  if (!media) return media.error();
  auto decoded = decode_body(*media, request.body, "DeleteOptions");
  if (!decoded) return decoded.error();
  return Result<json>(boost::system::in_place_value, std::move(decoded->value));
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

}  // namespace

Task<void> ResourceHandler::remove(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto body = read_delete_body(request);
  if (body.has_error()) {
    co_await fail(body.error(), route, reply);
    co_return;
  }
  auto options = parse_delete_options(request, body.value());
  if (!options) {
    co_await fail(options.error(), route, reply);
    co_return;
  }
  auto object = co_await registry_.remove(*route.resource, route.key(), std::move(options->preconditions), options->dry_run);
  if (!object) {
    co_await fail(object.error(), route, reply);
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

Task<void> ResourceHandler::log(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await fail(object.error(), route, reply);
    co_return;
  }
  auto written = co_await serve_log(operations_, std::move(*object), request, reply);
  if (!written) co_await fail(written.error(), route, reply);
}

Task<void> ResourceHandler::attach(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await fail(object.error(), route, reply);
    co_return;
  }
  auto done = co_await serve_attach(operations_, std::move(*object), request);
  if (done.has_error()) {
    co_await fail(done.error(), route, reply);
    co_return;
  }
  co_await reply.send(200, std::move(done.value()));
}

}  // namespace berth::api
