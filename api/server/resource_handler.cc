#include "api/server/resource_handler.h"

#include "api/preconditions.h"
#include "api/server/environment_handler.h"
#include "api/server/failure.h"

namespace berth::api {

namespace {

using Kind = Route::Kind;

}  // namespace

Task<void> ResourceHandler::handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply) {
  const bool known = request->method == "GET" || request->method == "POST" || request->method == "PUT" ||
                     request->method == "DELETE" || request->method == "PATCH";
  reply.set_labels(request->method == "HEAD" ? "GET" : known ? request->method : "OTHER", route.resource->plural);
  if (PodHandler::serves(route)) {
    co_await pods_.handle(std::move(request), std::move(route), reply);
    co_return;
  }
  const bool is_log = route.kind == Kind::Subresource && route.subresource == "log";
  if (!is_log) {
    const bool stream = route.kind == Kind::Collection && is_true(request->query_value("watch"));
    const bool reads = request->method == "GET" || request->method == "HEAD";
    const auto accept = request->header("Accept");
    auto accepted = reads ? negotiate_shape(accept, stream) : negotiate_object(accept);
    if (!accepted) {
      if (const auto media = negotiate(accept, false)) reply.set_media(*media);
      co_await send_failure(accepted.error(), route, reply);
      co_return;
    }
    reply.set_accepted(std::move(*accepted));
  }
  // An object's parts have verbs of their own.
  if (const auto verb = verb_of(*request, route); route.kind != Kind::Subresource && !verb.empty() && !route.resource->allows(verb)) {
    co_await refuse_method(*request, route, reply);
    co_return;
  }
  switch (route.kind) {
    case Kind::Collection: co_await collection(*request, route, reply); break;
    case Kind::Item: co_await item(*request, route, reply); break;
    default: co_await subresource(*request, route, reply); break;
  }
}

Task<void> ResourceHandler::collection(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (request.method == "POST") {
    co_await writes_.create(request, route, reply);
  } else if (request.method == "GET" || request.method == "HEAD") {
    co_await reads_.collection(request, route, reply);
  } else if (request.method == "DELETE") {
    co_await deletes_.remove_collection(request, route, reply);
  } else {
    co_await refuse_method(request, route, reply);
  }
}

Task<void> ResourceHandler::item(const http::ServerRequest& request, const Route& route, Reply& reply) {
  if (request.method == "GET" || request.method == "HEAD") {
    co_await reads_.get(request, route, reply);
  } else if (request.method == "PUT") {
    co_await writes_.update(request, route, false, reply);
  } else if (request.method == "PATCH") {
    co_await writes_.patch(request, route, false, reply);
  } else if (request.method == "DELETE") {
    co_await deletes_.remove(request, route, reply);
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
  const bool finalize_part = route.subresource == "finalize" && is_namespace(*route.resource);
  if (!status && !log_part && !attach_part && !finalize_part) {
    auto missing = base::error(Reason::NotFound, "the server could not find the requested resource");
    ErrorSubject none;
    co_await reply.send_error(std::move(missing), std::move(none));
  } else if (status && reads) {
    co_await reads_.get(request, route, reply);
  } else if (status && request.method == "PUT") {
    co_await writes_.update(request, route, true, reply);
  } else if (status && request.method == "PATCH") {
    co_await writes_.patch(request, route, true, reply);
  } else if (finalize_part && request.method == "PUT") {
    co_await deletes_.finalize(request, route, reply);
  } else if (log_part && request.method == "GET") {
    co_await log(request, route, reply);
  } else if (attach_part && request.method == "POST") {
    co_await attach(request, route, reply);
  } else {
    co_await refuse_method(request, route, reply);
  }
}

Task<void> ResourceHandler::log(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  auto written = co_await serve_log(operations_, std::move(*object), request, reply);
  if (!written) co_await send_failure(written.error(), route, reply);
}

Task<void> ResourceHandler::attach(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto object = registry_.get(*route.resource, route.key());
  if (!object) {
    co_await send_failure(object.error(), route, reply);
    co_return;
  }
  auto done = co_await serve_attach(operations_, std::move(*object), request);
  if (done.has_error()) {
    co_await send_failure(done.error(), route, reply);
    co_return;
  }
  co_await reply.send(200, std::move(done.value()));
}

}  // namespace berth::api
