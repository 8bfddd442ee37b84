#include "api/server/failure.h"

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
  return {name, gvk.group, error.reason == Reason::Invalid ? gvk.kind : route.resource->plural};
}

}  // namespace

Task<void> send_failure(Error error, const Route& route, Reply& reply) {
  auto subject = subject_of(error, route, route.name);
  co_await reply.send_error(std::move(error), std::move(subject));
}

Task<void> refuse_method(const http::ServerRequest& request, const Route& route, Reply& reply) {
  std::string verb = request.method;
  if (request.method == "GET") verb = "get";
  if (request.method == "POST") verb = "create";
  if (request.method == "PUT") verb = "update";
  if (request.method == "PATCH") verb = "patch";
  if (request.method == "DELETE") verb = route.kind == Route::Kind::Collection ? "deletecollection" : "delete";
  auto error = base::error(Reason::MethodNotAllowed, verb + " is not supported on resources of kind \"" +
                                                         route.resource->group_resource() + "\"");
  ErrorSubject subject{"", route.resource->gvk.group, route.resource->plural};
  co_await reply.send_error(std::move(error), std::move(subject));
}

}  // namespace berth::api
