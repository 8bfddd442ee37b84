#include "api/server/api_server.h"

#include "api/server/access.h"
#include "api/server/backup_handler.h"
#include "api/server/debug_handler.h"
#include "api/server/document_handler.h"
#include "api/server/environment_handler.h"
#include "api/server/reply.h"
#include "api/server/resource_handler.h"
#include "api/server/review.h"
#include "api/server/route.h"
#include "base/log.h"
#include "base/task_group.h"
#include "metrics/registry.h"

namespace berth::api {

namespace {

using Kind = Route::Kind;
using Request = std::shared_ptr<const http::ServerRequest>;

bool is_resource(Kind kind) { return kind == Kind::Collection || kind == Kind::Item || kind == Kind::Subresource; }

// A copy is made for nobody who would not get it.
bool is_read(Kind kind, const std::string& method) { return method == "GET" || (method == "HEAD" && kind != Kind::Backup); }

Error no_such_path() { return base::error(Reason::NotFound, "the server could not find the requested resource"); }

Error wrong_method() {
  return base::error(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource");
}

}  // namespace

struct ApiServer::Impl {
  Impl(Registry& r, base::Clock& c, metrics::ApiMetrics& m, EnvironmentOperations ops, ApiServerOptions o)
      : registry(r), clock(c), metrics(m), operations(std::move(ops)), options(std::move(o)),
        resources(r, c, m, operations), debugging(r, c, operations), documents(r.scheme(), c, options.version, health_checks()) {}

  std::vector<HealthCheck> health_checks();
  Task<void> serve(Request request, http::ResponseWriter& writer);
  Task<void> dispatch(Request request, Route route, Reply& reply);
  Task<void> metrics_text(Reply& reply);
  Task<void> backup(Reply& reply);
  Task<void> reap(const http::ServerRequest& request, Reply& reply);

  Registry& registry;
  base::Clock& clock;
  metrics::ApiMetrics& metrics;
  const EnvironmentOperations operations;
  const ApiServerOptions options;
  ResourceHandler resources;
  DebugHandler debugging;
  DocumentHandler documents;
  bool backing_up = false;
};

// Of /readyz: whether what is asked for can be kept, and be done.
std::vector<HealthCheck> ApiServer::Impl::health_checks() {
  std::vector<HealthCheck> checks;
  checks.push_back({"store", [this] { return registry.store().writable(); }});
  checks.push_back({"controllers", options.ready});
  return checks;
}

Task<void> ApiServer::Impl::serve(Request request, http::ResponseWriter& writer) {
  Reply reply(*request, writer, metrics, clock);
  std::string failure;
  try {
    auto route = parse_route(registry.scheme(), request->path);
    co_await dispatch(request, std::move(route), reply);
  } catch (const std::exception& error) {
    if (base::is_cancellation(std::current_exception()) || reply.started()) throw;
    base::log_error("api", "a request failed",
                    {{"method", request->method}, {"path", request->path}, {"error", error.what()}});
    failure = "the server failed to handle the request; its log says why";
  }
  if (!failure.empty()) {
    auto error = base::error(Reason::InternalError, std::move(failure));
    ErrorSubject none;
    co_await reply.send_error(std::move(error), std::move(none));
  }
}

Task<void> ApiServer::Impl::dispatch(Request request, Route route, Reply& reply) {
  ErrorSubject none;
  if (auto access = check_access(*request, options.token, is_open(route.kind)); !access) {
    co_await reply.send_error(access.error(), std::move(none));
  } else if (is_resource(route.kind)) {
    co_await resources.handle(std::move(request), std::move(route), reply);
  } else if (route.kind == Kind::Unknown) {
    auto error = no_such_path();
    co_await reply.send_error(std::move(error), std::move(none));
  } else if (route.kind == Kind::Review) {
    co_await serve_review(*request, route, clock, reply);
  } else if (route.kind == Kind::Reap) {
    co_await reap(*request, reply);
  } else if (route.kind == Kind::Debug) {
    co_await debugging.handle(std::move(request), std::move(route), reply);
  } else if (!is_read(route.kind, request->method)) {
    auto error = wrong_method();
    co_await reply.send_error(std::move(error), std::move(none));
  } else {
    reply.set_labels("GET", route.kind == Kind::Backup ? "backup" : "");
    if (route.kind == Kind::Metrics) {
      co_await metrics_text(reply);
    } else if (route.kind == Kind::Backup) {
      co_await backup(reply);
    } else {
      co_await documents.handle(std::move(request), std::move(route), reply);
    }
  }
}

// One at a time: each holds a copy of the whole store until its reader has it.
Task<void> ApiServer::Impl::backup(Reply& reply) {
  if (backing_up) {
    auto error = base::error(Reason::TooManyRequests, "another backup is being taken: ask again when it has ended");
    ErrorSubject none;
    co_await reply.send_error(std::move(error), std::move(none));
    co_return;
  }
  struct Guard {
    bool& busy;
    explicit Guard(bool& flag) : busy(flag) { busy = true; }
    ~Guard() { busy = false; }
  } const guard(backing_up);
  co_await serve_backup(registry.store(), reply);
}

Task<void> ApiServer::Impl::metrics_text(Reply& reply) {
  std::string text = options.metrics ? options.metrics() : std::string();
  std::string content_type = metrics::kTextContentType;
  http::Headers none;
  co_await reply.respond(200, std::move(content_type), std::move(text), std::move(none));
}

Task<void> ApiServer::Impl::reap(const http::ServerRequest& request, Reply& reply) {
  ErrorSubject none;
  if (request.method != "POST") {
    auto error = wrong_method();
    co_await reply.send_error(std::move(error), std::move(none));
    co_return;
  }
  reply.set_labels("POST", "reap");
  auto done = co_await serve_reap(operations, request);
  if (done.has_error()) {
    co_await reply.send_error(done.error(), std::move(none));
  } else {
    co_await reply.send(200, std::move(done.value()));
  }
}

ApiServer::ApiServer(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics,
                     EnvironmentOperations operations, ApiServerOptions options)
    : impl_(std::make_shared<Impl>(registry, clock, metrics, std::move(operations), std::move(options))) {}

ApiServer::~ApiServer() = default;

http::Handler ApiServer::handler() {
  return [impl = impl_](Request request, http::ResponseWriter& writer) {
    return impl->serve(std::move(request), writer);
  };
}

http::ServerOptions ApiServer::server_options() const {
  http::ServerOptions options;
  options.error_body = transport_error_body;
  options.wants_body = [impl = impl_](const http::ServerRequest& request) {
    const auto route = parse_route(impl->registry.scheme(), request.path);
    if (!is_resource(route.kind) && route.kind != Kind::Review && route.kind != Kind::Reap && route.kind != Kind::Debug) return false;
    return check_access(request, impl->options.token, false).has_value();
  };
  return options;
}

}  // namespace berth::api
