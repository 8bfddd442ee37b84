#include "api/server/environment_handler.h"

#include "api/server/options.h"
#include "api/server/request_body.h"

namespace berth::api {

namespace {

Error not_here(const char* what) {
  return base::error(Reason::ServiceUnavailable, std::string(what) + " is not available: the controllers do not run");
}

std::vector<std::string> service_names(const Object& environment) {
  std::vector<std::string> names;
  const auto services = environment.spec().find("services");
  if (services == environment.spec().end() || !services->is_array()) return names;
  for (const auto& service : *services) {
    if (service.is_object() && service.contains("name") && service["name"].is_string()) names.push_back(service["name"]);
  }
  return names;
}

Result<json> read_optional_body(const http::ServerRequest& request, const std::string& kind) {
  if (request.body.empty()) return Result<json>(boost::system::in_place_value, json::object());
  return read_body(request, kind);
}

Result<bool> flag(const json& body, const char* name, bool otherwise) {
  const auto found = body.find(name);
  if (found == body.end()) return otherwise;
  if (!found->is_boolean()) return base::error(Reason::BadRequest, std::string(name) + " must be true or false");
  return found->get<bool>();
}

}  // namespace

Result<std::string> choose_service(const Object& environment, const std::string& asked) {
  const auto names = service_names(environment);
  std::string choices;
  for (const auto& name : names) {
    if (name == asked) return asked;
    choices += (choices.empty() ? "" : ", ") + name;
  }
  if (!asked.empty()) {
    return base::error(Reason::NotFound, "environment " + environment.key().str() + " has no service \"" + asked +
                                             "\"; it has: " + choices);
  }
  if (names.size() == 1) return names.front();
  return base::error(Reason::BadRequest, "a service must be named (?service=) for environment " +
                                             environment.key().str() + ", choose one of: " + choices);
}

Task<Result<void>> serve_log(const EnvironmentOperations& operations, ObjectPtr environment,
                             const http::ServerRequest& request, Reply& reply) {
  auto service = choose_service(*environment, request.query_value("service").value_or(""));
  if (!service) co_return service.error();
  auto options = parse_log_options(request);
  if (!options) co_return options.error();
  if (!operations.logs) co_return not_here("the log");
  auto writing = operations.logs(std::move(environment), std::move(*service), std::move(*options), reply);
  auto written = co_await std::move(writing);
  if (written.has_error() && reply.started()) co_return Result<void>();
  co_return written;
}

Task<Result<json>> serve_attach(const EnvironmentOperations& operations, ObjectPtr environment,
                                const http::ServerRequest& request) {
  auto body = read_optional_body(request, "AttachRequest");
  if (body.has_error()) co_return body.error();
  const auto container = body->find("container");
  if (container == body->end() || !container->is_string() || container->get_ref<const std::string&>().empty()) {
    co_return base::error(Reason::BadRequest, "container must be the name or id of a container");
  }
  auto connect = flag(*body, "connect", true);
  if (!connect) co_return connect.error();
  if (!operations.attach) co_return not_here("attach");
  auto name = container->get<std::string>();
  auto attaching = operations.attach(std::move(environment), std::move(name), *connect);
  auto done = co_await std::move(attaching);
  co_return done;
}

Task<Result<json>> serve_reap(const EnvironmentOperations& operations, const http::ServerRequest& request) {
  auto body = read_optional_body(request, "ReapRequest");
  if (body.has_error()) co_return body.error();
  auto confirm = flag(*body, "confirm", false);
  if (!confirm) co_return confirm.error();
  auto adopt = flag(*body, "adopt", false);
  if (!adopt) co_return adopt.error();
  if (!operations.reap) co_return not_here("the reaper");
  auto reaping = operations.reap(*confirm, *adopt);
  auto done = co_await std::move(reaping);
  co_return done;
}

}  // namespace berth::api
