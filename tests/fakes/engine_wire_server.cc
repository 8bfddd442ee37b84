#include "tests/fakes/engine_wire_server.h"

#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

namespace {

constexpr std::size_t kArchiveLimit = 256 * 1024 * 1024;

}  // namespace

struct EngineWireServer::Impl {
  Impl(Executor e, base::Clock& c, FakeEngine& engine) : executor(e), clock(c), handlers(e, c, engine) {}
  Executor executor;
  base::Clock& clock;
  EngineWireHandlers handlers;
  std::unique_ptr<http::Server> server;
};

EngineWireServer::EngineWireServer(Executor executor, base::Clock& clock, FakeEngine& engine)
    : impl_(std::make_unique<Impl>(executor, clock, engine)) {}

EngineWireServer::~EngineWireServer() = default;

Result<http::Endpoint> EngineWireServer::listen(const http::Endpoint& endpoint) {
  http::ServerOptions options;
  options.body_limit = kArchiveLimit;
  options.error_body = [](int, const std::string& message) {
    nlohmann::json body = nlohmann::json::object();
    body["message"] = message;
    return body.dump();
  };
  auto handler = [impl = impl_.get()](std::shared_ptr<const http::ServerRequest> request, http::ResponseWriter& writer) {
    return impl->handlers.handle(std::move(request), writer);
  };
  if (!impl_->server) impl_->server = std::make_unique<http::Server>(impl_->executor, impl_->clock, std::move(handler), std::move(options));
  return impl_->server->listen(endpoint);
}

Task<void> EngineWireServer::stop() {
  auto server = std::move(impl_->server);
  if (server) co_await server->stop(base::Duration::zero());
  co_await impl_->handlers.stop();
}

}  // namespace berth::fakes
