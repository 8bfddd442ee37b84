#include "api/server/pod_handler.h"

#include <boost/asio/this_coro.hpp>

#include "api/errors.h"
#include "api/http/websocket_connection.h"
#include "api/server/failure.h"
#include "api/server/port_forward.h"
#include "api/server/stream_process.h"
#include "api/server/upgrade_check.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

Error pods_not_here() { return base::error(Reason::ServiceUnavailable, "pods are not served: the controllers do not run"); }

}  // namespace

struct PodHandler::Target {
  ObjectPtr pod;
  ObjectPtr environment;
  std::string service;
};

bool PodHandler::serves(const Route& route) {
  const auto& part = route.subresource;
  return route.kind == Route::Kind::Subresource && route.resource->gvk.group.empty() && route.resource->gvk.kind == "Pod" &&
         (part == "log" || part == "exec" || part == "attach" || part == "portforward");
}

Task<void> PodHandler::handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply) {
  const bool is_log = route.subresource == "log";
  const bool known = request->method == "GET" || (request->method == "POST" && !is_log);
  if (!known) {
    co_await refuse_method(*request, route, reply);
    co_return;
  }
  auto target = find(*request, route);
  Result<void> done;
  if (target.has_error()) {
    done = target.error();
  } else if (is_log) {
    done = co_await log(*request, std::move(*target), reply);
  } else if (transport_of(*request) == Transport::None) {
    done = base::error(Reason::BadRequest, "Upgrade request required");
  } else if (route.subresource == "portforward") {
    done = co_await forward(*request, std::move(*target), reply);
  } else {
    done = co_await process(*request, std::move(*target), route.subresource == "exec", reply);
  }
  if (done.has_error() && !reply.started()) co_await send_failure(done.error(), route, reply);
}

Result<PodHandler::Target> PodHandler::find(const http::ServerRequest& request, const Route& route) const {
  auto pod = registry_.get(*route.resource, route.key());
  if (pod.has_error()) return pod.error();
  const auto& containers = crd::array_at((*pod)->spec(), "containers");
  if (containers.empty()) return base::error(Reason::InternalError, "pod " + route.name + " has no container");
  Target target{*pod, nullptr, crd::text_at(containers.front(), "name")};
  const auto asked = request.query_value("container").value_or("");
  if (!asked.empty() && asked != target.service) {
    return base::error(Reason::BadRequest, "container " + asked + " is not valid for pod " + route.name);
  }
  const auto* kind = registry_.scheme().find(crd::kGroup, crd::kVersion, "testenvironments");
  for (const auto& owner : crd::array_at(crd::object_at((*pod)->body(), "metadata"), "ownerReferences")) {
    if (!kind || crd::text_at(owner, "kind") != "TestEnvironment") continue;
    auto environment = registry_.get(*kind, {route.ns, crd::text_at(owner, "name")});
    if (environment && (*environment)->uid() == crd::text_at(owner, "uid")) target.environment = *environment;
  }
  if (!target.environment) return base::error(Reason::NotFound, "the environment of pod " + route.name + " is gone");
  return target;
}

Task<Result<void>> PodHandler::log(const http::ServerRequest& request, Target target, Reply& reply) {
  auto options = parse_pod_log_options(request, target.pod->name(), clock_.system_now());
  if (options.has_error()) co_return options.error();
  if (!operations_.logs) co_return pods_not_here();
  auto writing = operations_.logs(std::move(target.environment), std::move(target.service), std::move(*options), reply);
  auto written = co_await std::move(writing);
  co_return written;
}

Task<std::shared_ptr<http::ByteStream>> PodHandler::upgrade(const http::ServerRequest& request, Transport transport,
                                                            std::optional<ChannelProtocol> protocol, bool is_forward, Reply& reply) {
  http::Headers headers;
  if (transport == Transport::WebSocket) {
    auto accept = co_await websocket_key(request, reply);
    if (!accept) co_return nullptr;
    if (!protocol) {
      std::string nothing;
      co_await reply.respond(403, nothing, nothing, std::move(headers));
      co_return nullptr;
    }
    headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Accept", std::move(*accept)}, {"Sec-WebSocket-Protocol", protocol->name}};
  } else {
    const auto offered = offered_protocols(request, transport);
    if (offered.empty()) {
      std::string text = "unable to upgrade: X-Stream-Protocol-Version is required\n";
      co_await refuse_upgrade(reply, std::move(text));
      co_return nullptr;
    }
    if (!protocol) {
      const auto accepted = accepted_spdy_protocols(is_forward);
      for (const auto& name : accepted) headers.emplace_back("X-Accepted-Stream-Protocol-Versions", name);
      const auto line = no_common_protocol(offered, accepted);
      co_await refuse_upgrade(reply, 403, line + line, std::move(headers));
      co_return nullptr;
    }
    headers = {{"Upgrade", "SPDY/3.1"}, {"X-Stream-Protocol-Version", protocol->name}};
  }
  auto stream = co_await reply.upgrade(std::move(headers));
  co_return stream;
}

Task<Result<std::shared_ptr<RemoteProcess>>> PodHandler::open_process(Target target, PodExecOptions options, bool is_exec) const {
  const auto& streams = options.streams;
  if (!streams.in && !streams.out && !streams.err) {
    co_return base::error(Reason::BadRequest, "unable to upgrade connection: you must specify at least 1 of stdin, stdout, stderr");
  }
  if (is_exec && options.command.empty()) {
    co_return base::error(Reason::BadRequest, "you must specify at least one command for the container");
  }
  auto opening = is_exec ? operations_.exec(std::move(target.environment), std::move(target.service), std::move(options.command), streams)
                         : operations_.attach(std::move(target.environment), std::move(target.service), streams);
  auto process = co_await std::move(opening);
  co_return process;
}

Task<Result<void>> PodHandler::process(const http::ServerRequest& request, Target target, bool is_exec, Reply& reply) {
  if (!(is_exec ? static_cast<bool>(operations_.exec) : static_cast<bool>(operations_.attach))) co_return pods_not_here();
  const auto transport = transport_of(request);
  auto protocol = choose_exec_protocol(offered_protocols(request, transport), transport);
  auto stream = co_await upgrade(request, transport, protocol, false, reply);
  if (!stream) co_return Result<void>();
  auto options = parse_pod_exec_options(request);
  const auto streams = options.streams;
  const auto executor = co_await asio::this_coro::executor;
  auto channels = transport == Transport::Spdy ? make_spdy_channels(executor, clock_, std::move(stream), std::move(*protocol), streams)
                                               : make_websocket_channels(executor, std::move(stream), std::move(*protocol), streams);
  auto open = [this, target = std::move(target), options = std::move(options), is_exec](RemoteStreams wanted) {
    auto whole = options;
    whole.streams = wanted;
    return open_process(target, std::move(whole), is_exec);
  };
  co_await run_remote_process(clock_, std::move(channels), streams, std::move(open));
  co_return Result<void>();
}

Task<Result<void>> PodHandler::forward(const http::ServerRequest& request, Target target, Reply& reply) {
  if (!operations_.forward) co_return pods_not_here();
  const auto transport = transport_of(request);
  auto protocol = choose_forward_protocol(offered_protocols(request, transport), transport);
  const bool tunnel = protocol && protocol->name == kPortForwardTunnel;
  std::vector<std::uint16_t> ports;
  if (transport == Transport::WebSocket && protocol && !tunnel) {
    auto parsed = parse_forward_ports(request);
    if (parsed.has_error()) {
      auto text = parsed.error().message + "\n";
      co_await refuse_upgrade(reply, std::move(text));
      co_return Result<void>();
    }
    ports = std::move(*parsed);
  }
  auto stream = co_await upgrade(request, transport, protocol, true, reply);
  if (!stream) co_return Result<void>();
  PortForward forward;
  forward.pod = target.pod->name() + "_" + target.pod->ns() + ", uid " + target.pod->uid();
  forward.dial = [this, environment = target.environment, service = target.service](std::uint16_t port) {
    return operations_.forward(environment, service, port);
  };
  if (transport == Transport::WebSocket && !tunnel) {
    co_await forward_over_websocket(std::move(stream), std::move(*protocol), std::move(ports), std::move(forward));
    co_return Result<void>();
  }
  if (tunnel) {
    const auto executor = co_await asio::this_coro::executor;
    stream = http::make_websocket_stream(std::make_shared<http::WebSocketConnection>(executor, std::move(stream)));
  }
  co_await forward_over_spdy(std::move(stream), std::move(forward));
  co_return Result<void>();
}

}  // namespace berth::api
