#include "api/server/debug_handler.h"

#include <boost/asio/this_coro.hpp>
#include <functional>
#include <optional>

#include "api/errors.h"
#include "api/http/websocket_connection.h"
#include "api/server/environment_handler.h"
#include "api/server/option_values.h"
#include "api/server/request_body.h"
#include "api/server/stream_protocol.h"
#include "api/server/upgrade_check.h"
#include "api/wanted_state.h"
#include "base/task_group.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

Error not_served(const std::string& what) {
  return base::error(Reason::ServiceUnavailable, what + " is not available: the controllers do not run");
}

const crd::ResourceInfo& environment_kind(const crd::Scheme& scheme) { return *scheme.find(crd::kGroup, crd::kVersion, "testenvironments"); }

constexpr base::Duration kIdle = std::chrono::minutes(1);
constexpr base::Duration kLook = std::chrono::seconds(5);

// The archive that a client sends. The engine holds the container until its end: nobody could stop or remove it meanwhile. So a client that
// sends nothing, or whose environment goes, is cut off.
class Upload {
 public:
  Upload(http::WebSocketConnection& socket, base::Clock& clock) : socket_(socket), clock_(clock) {}

  Task<Result<std::string>> next() {
    waiting_since_ = clock_.steady_now();
    auto message = co_await socket_.next();
    waiting_since_.reset();
    if (!message) {
      ended_ = true;
      const std::string why = cut_off_.empty() ? "the client has gone in the middle of the archive" : cut_off_;
      co_return base::error(Reason::Cancelled, why);
    }
    ended_ = message->payload.empty();
    co_return std::move(message->payload);
  }

  // What still comes, so that the client reads what it is told and not that the connection broke.
  Task<void> drain() {
    while (!ended_) {
      waiting_since_ = clock_.steady_now();
      auto message = co_await socket_.next();
      if (!message || message->payload.empty()) co_return;
    }
  }

  // `goes`: whether the environment does. Ends when it has cut the client off.
  Task<void> watch(std::function<bool()> goes) {
    while (true) {
      co_await clock_.sleep_for(kLook);
      const bool idle = waiting_since_ && clock_.steady_now() - *waiting_since_ >= kIdle;
      if (goes()) cut_off_ = "the environment goes";
      else if (idle) cut_off_ = "nothing came for a minute";
      else continue;
      socket_.abort();
      co_return;
    }
  }

 private:
  http::WebSocketConnection& socket_;
  base::Clock& clock_;
  std::optional<base::SteadyTime> waiting_since_;
  std::string cut_off_;
  bool ended_ = false;
};

json status_of(const Result<void>& done) {
  if (done.has_value()) return {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Success"}};
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"status", "Failure"},
          {"reason", base::to_string(done.error().reason)},
          {"message", done.error().message}};
}

Task<void> tell_end(http::WebSocketConnection& socket, Upload& upload, const Result<void>& done) {
  auto text = crd::dump(status_of(done));
  const auto opcode = http::WebSocketOpcode::Text;
  co_await socket.send(opcode, std::move(text));
  co_await upload.drain();
  const auto code = http::kCloseNormal;
  co_await socket.close(code);
}

}  // namespace

Task<void> DebugHandler::handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply) {
  const bool posts = route.name == "preview";
  reply.set_labels(posts ? "POST" : "GET", route.name);
  ErrorSubject none;
  if (request->method != (posts ? "POST" : "GET")) {
    auto error = base::error(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource");
    co_await reply.send_error(std::move(error), std::move(none));
    co_return;
  }
  if (route.name == "archive") {
    auto done = co_await archive(*request, reply);
    if (done.has_error() && !reply.started()) co_await reply.send_error(done.error(), std::move(none));
    co_return;
  }
  auto answered = co_await answer(*request, route.name);
  if (answered.has_error()) {
    co_await reply.send_error(answered.error(), std::move(none));
  } else {
    co_await reply.send(200, std::move(*answered));
  }
}

Task<Result<json>> DebugHandler::answer(const http::ServerRequest& request, const std::string& what) {
  if (what == "top") co_return co_await top(request);
  if (what == "why") co_return why(request);
  if (what == "preview") co_return preview(request);
  co_return co_await inspect(request);
}

Result<ObjectPtr> DebugHandler::find(const http::ServerRequest& request) const {
  const auto name = request.query_value("name").value_or("");
  if (name.empty()) return bad_request("which environment is meant must be said (?name=)");
  return registry_.get(environment_kind(registry_.scheme()), {request.query_value("namespace").value_or("default"), name});
}

Task<Result<json>> DebugHandler::top(const http::ServerRequest& request) {
  if (!operations_.usage) co_return not_served("top");
  const auto& kind = environment_kind(registry_.scheme());
  const auto ns = request.query_value("namespace").value_or("");
  const auto names = query_values(request, "name");
  std::vector<ObjectPtr> environments;
  if (names.empty()) environments = registry_.list(kind, ns).items;
  if (!names.empty() && ns.empty()) co_return bad_request("a name needs a namespace (?namespace=)");
  for (const auto& name : names) {
    auto found = registry_.get(kind, {ns, name});
    if (found.has_error()) co_return found.error();
    environments.push_back(std::move(*found));
  }
  auto asking = operations_.usage(std::move(environments));
  auto used = co_await std::move(asking);
  co_return used;
}

Result<json> DebugHandler::why(const http::ServerRequest& request) {
  if (!operations_.why) return not_served("why");
  const auto name = request.query_value("name").value_or("");
  if (name.empty()) return bad_request("which environment is meant must be said (?name=)");
  return operations_.why({request.query_value("namespace").value_or("default"), name});
}

Result<json> DebugHandler::preview(const http::ServerRequest& request) {
  if (!operations_.preview) return not_served("preview");
  auto body = read_body(request, "PreviewRequest");
  if (body.has_error()) return body.error();
  const auto* given = crd::member(*body, "object");
  if (!given) return bad_request("object is missing: the environment as a dry run answers it");
  auto after = Object::make(*given);
  if (after.has_error()) return after.error();
  const auto& kind = environment_kind(registry_.scheme());
  if ((*after)->gvk() != kind.gvk) return bad_request("object must be a TestEnvironment of " + kind.gvk.api_version());
  auto before = registry_.get(kind, (*after)->key());
  if (before.has_error() && before.error().reason != Reason::NotFound) return before.error();
  auto causes = validate_content(kind, *given, before.has_value() ? &(*before)->body() : nullptr);
  if (!causes.empty()) return invalid(kind, (*after)->name(), std::move(causes));
  return operations_.preview(before.has_value() ? *before : nullptr, *after);
}

Task<Result<json>> DebugHandler::inspect(const http::ServerRequest& request) {
  if (!operations_.inspect) co_return not_served("inspect");
  auto environment = find(request);
  if (environment.has_error()) co_return environment.error();
  auto asking = operations_.inspect(std::move(*environment));
  auto seen = co_await std::move(asking);
  co_return seen;
}

Task<Result<void>> DebugHandler::archive(const http::ServerRequest& request, Reply& reply) {
  if (!operations_.read_archive || !operations_.write_archive || !operations_.stat_path) co_return not_served("archive");
  auto environment = find(request);
  if (environment.has_error()) co_return environment.error();
  auto service = choose_service(**environment, request.query_value("service").value_or(""));
  if (service.has_error()) co_return service.error();
  auto path = request.query_value("path").value_or("");
  if (!path.starts_with('/')) co_return bad_request("path must be absolute (?path=/...)");
  if (transport_of(request) == Transport::WebSocket) {
    co_return co_await unpack(request, std::move(*environment), std::move(*service), std::move(path), reply);
  }
  if (is_true(request.query_value("stat"))) {
    auto looking = operations_.stat_path(std::move(*environment), std::move(*service), std::move(path));
    auto stat = co_await std::move(looking);
    if (stat.has_error()) co_return stat.error();
    co_await reply.send(200, std::move(*stat));
    co_return Result<void>();
  }
  auto reading = operations_.read_archive(std::move(*environment), std::move(*service), std::move(path), reply);
  auto read = co_await std::move(reading);
  co_return read;
}

Task<Result<void>> DebugHandler::unpack(const http::ServerRequest& request, ObjectPtr environment, std::string service, std::string path,
                                        Reply& reply) {
  const auto offered = offered_protocols(request, Transport::WebSocket);
  auto accept = co_await websocket_key(request, reply);
  if (!accept) co_return Result<void>();
  if (std::find(offered.begin(), offered.end(), kArchiveProtocol) == offered.end()) {
    co_return bad_request(std::string("the subprotocol ") + kArchiveProtocol + " is expected");
  }
  http::Headers headers = {
      {"Upgrade", "websocket"}, {"Sec-WebSocket-Accept", std::move(*accept)}, {"Sec-WebSocket-Protocol", kArchiveProtocol}};
  auto stream = co_await reply.upgrade(std::move(headers));
  if (!stream) co_return Result<void>();
  const auto executor = co_await asio::this_coro::executor;
  http::WebSocketConnection socket(executor, std::move(stream));
  Upload upload(socket, clock_);
  TaskGroup watching(executor, "upload");
  const auto key = environment->key();
  const auto uid = environment->uid();
  watching.spawn("watch", upload.watch([this, key, uid] {
    const auto now = registry_.get(environment_kind(registry_.scheme()), key);
    return now.has_error() || (*now)->uid() != uid || (*now)->deleting();
  }));
  std::exception_ptr cancelled;
  try {
    auto source = [&upload] { return upload.next(); };
    auto writing = operations_.write_archive(std::move(environment), std::move(service), std::move(path), std::move(source));
    const auto done = co_await std::move(writing);
    co_await tell_end(socket, upload, done);
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (cancelled) co_await asio::this_coro::reset_cancellation_state();
  co_await watching.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  co_return Result<void>();
}

}  // namespace berth::api
