#include "api/server/failure.h"

#include "api/errors.h"

namespace berth::api {

namespace {

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
  // The preconditions of a deletion speak of the Kind.
  const bool of_kind = error.reason == Reason::Invalid ||
                       error.message.starts_with("Operation cannot be fulfilled on " + group_kind(gvk) + " ");
  return {name, gvk.group, of_kind ? gvk.kind : route.resource->plural};
}

}  // namespace

Task<void> send_failure(Error error, const Route& route, Reply& reply) {
  auto subject = subject_of(error, route, route.name);
  co_await reply.send_error(std::move(error), std::move(subject));
}

std::string verb_of(const http::ServerRequest& request, const Route& route) {
  const bool many = route.kind == Route::Kind::Collection;
  const auto& method = request.method;
  if (method == "GET" || method == "HEAD") return many ? "list" : "get";
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return many ? "deletecollection" : "delete";
  return "";
}

Task<void> refuse_method(const http::ServerRequest& request, const Route& route, Reply& reply) {
  auto error = base::error(Reason::MethodNotAllowed, verb_of(request, route) + " is not supported on resources of kind \"" +
                                                         route.resource->group_resource() + "\"");
  ErrorSubject subject{"", route.resource->gvk.group, route.resource->plural};
  co_await reply.send_error(std::move(error), std::move(subject));
}

}  // namespace berth::api
