#include "api/server/failure.h"

#include <optional>

#include "api/errors.h"
#include "crd/json_patch.h"

namespace berth::api {

namespace {

// What an Invalid is about stands in its text: TestEnvironment.berth.dev "web" is invalid: ..., CreateOptions.meta.k8s.io "" ...
std::optional<ErrorSubject> invalid_subject(const std::string& message) {
  const auto quote = message.find(" \"");
  const auto end = message.find("\" is invalid: ");
  if (quote == std::string::npos || end == std::string::npos || end < quote + 2) return std::nullopt;
  const std::string kind = message.substr(0, quote);
  if (kind.find_first_of(" :") != std::string::npos) return std::nullopt;
  const json name = json::parse(message.substr(quote + 1, end - quote), nullptr, false);
  const auto dot = kind.find('.');
  return ErrorSubject{name.is_string() ? name.get<std::string>() : "", dot == std::string::npos ? "" : kind.substr(dot + 1),
                      kind.substr(0, dot)};
}

ErrorSubject subject_of(const Error& error, const Route& route, const std::string& name) {
  constexpr Reason kWithoutDetails[] = {Reason::BadRequest, Reason::NotAcceptable, Reason::UnsupportedMediaType,
                                        Reason::InternalError, Reason::Expired, Reason::Timeout};
  for (const auto reason : kWithoutDetails) {
    if (error.reason == reason) return {};
  }
  if (error.reason == Reason::Invalid) {
    if (auto subject = invalid_subject(error.message)) return *subject;
  }
  // Conflicts of field managers, and patches that do not fit, are about no object.
  if (error.message.starts_with("Apply failed with ") || error.message == crd::kPatchRejected) return {};
  // A create in a namespace that is not there.
  if (error.reason == Reason::NotFound && route.resource->namespaced && error.message.starts_with("namespaces ")) {
    return {route.ns, "", "namespaces"};
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
