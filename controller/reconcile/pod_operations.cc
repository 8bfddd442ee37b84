#include "controller/reconcile/pod_operations.h"

#include "api/http/dial.h"
#include "controller/plan/names.h"
#include "controller/plan/pod.h"
#include "controller/reconcile/pod_log.h"
#include "controller/reconcile/remote_process.h"
#include "controller/reconcile/service_container.h"
#include "crd/fields.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kPodDeadline = std::chrono::seconds(30);
constexpr base::Duration kDialTime = std::chrono::seconds(5);

const json& service_entry(const Object& environment, const std::string& service) {
  static const json kNone = json::object();
  for (const auto& entry : crd::array_at(environment.status(), "services")) {
    if (crd::text_at(entry, "name") == service) return entry;
  }
  return kNone;
}

std::string pod_name_of(const Object& environment, const std::string& service) { return environment.name() + "." + service; }

engine::Streams engine_streams(const api::RemoteStreams& streams) { return {.in = streams.in, .out = streams.out, .err = streams.err}; }

http::Endpoint tcp_endpoint(std::string host, std::uint16_t port) {
  http::Endpoint endpoint;
  endpoint.kind = http::Endpoint::Kind::Tcp;
  endpoint.host = std::move(host);
  endpoint.port = port;
  return endpoint;
}

class PodServer {
 public:
  PodServer(Executor executor, base::Clock& clock, Host& host) : executor_(std::move(executor)), clock_(clock), host_(host) {}

  Task<Result<void>> logs(ObjectPtr environment, std::string service, api::PodLogOptions options, http::ResponseWriter& writer) {
    const auto name = pod_name_of(*environment, service);
    const auto container = service_container(host_.mirror, environment->uid(), service);
    if (!container || container->started_at == base::SystemTime{}) {
      const std::string reason = plan::waiting_reason(service_entry(*environment, service));
      const std::string why = reason == "ErrImagePull" ? "trying and failing to pull image" : reason;
      const std::string waits = "container \"" + service + "\" in pod \"" + name + "\" is waiting to start: " + why;
      co_return base::error(Reason::BadRequest, waits);
    }
    const auto& entry = service_entry(*environment, service);
    std::optional<plan::LogSpan> span = plan::current_run(*container, entry);
    if (options.previous) span = plan::previous_run(*container, entry);
    if (!span) {
      const std::string missing = "previous terminated container \"" + service + "\" in pod \"" + name + "\" not found";
      co_return base::error(Reason::BadRequest, missing);
    }
    auto written = co_await write_pod_log(host_.engine, clock_, container->id, *span, options, writer);
    co_return written;
  }

  Task<Result<std::shared_ptr<api::RemoteProcess>>> exec(ObjectPtr environment, std::string service, std::vector<std::string> command,
                                                         api::RemoteStreams streams) {
    const auto container = service_container(host_.mirror, environment->uid(), service);
    if (!container) co_return no_container(*environment, service);
    engine::ExecOptions options;
    options.command = std::move(command);
    options.streams = engine_streams(streams);
    options.tty = streams.tty;
    if (streams.size) options.size = engine::TerminalSize{streams.size->width, streams.size->height};
    auto session = co_await host_.engine.open_exec(container->id, std::move(options), soon());
    if (session.has_error()) co_return session.error();
    co_return remote_exec(host_.engine, clock_, std::move(*session));
  }

  Task<Result<std::shared_ptr<api::RemoteProcess>>> attach(ObjectPtr environment, std::string service, api::RemoteStreams streams) {
    const auto container = service_container(host_.mirror, environment->uid(), service);
    if (!container) co_return no_container(*environment, service);
    auto stream = co_await host_.engine.attach_container(container->id, engine_streams(streams), soon());
    if (stream.has_error()) co_return stream.error();
    co_return remote_attach(host_.engine, clock_, container->id, std::move(*stream));
  }

  Task<Result<std::shared_ptr<http::ByteStream>>> forward(ObjectPtr environment, std::string service, std::uint16_t port) {
    const auto container = service_container(host_.mirror, environment->uid(), service);
    if (!container) co_return no_container(*environment, service);
    if (!container->running()) co_return base::error(Reason::ContainerExited, "the container is not running");
    auto last = base::error(Reason::ServiceUnavailable, "the container has no address");
    for (const auto& endpoint : ways_to(*environment, *container, port)) {
      const auto deadline = base::Deadline::after(clock_.steady_now(), kDialTime);
      auto dialled = co_await http::dial(executor_, clock_, endpoint, deadline);
      if (dialled.has_value()) {
        (*dialled)->expires_never();
        co_return http::make_byte_stream(std::move(*dialled));
      }
      std::string_view why = dialled.error().message;
      constexpr std::string_view kScheme = "http://";  // of endpoints in general; what is spoken here is not known
      if (why.starts_with(kScheme)) why.remove_prefix(kScheme.size());
      last = base::error(dialled.error().reason, "failed to connect to the container: " + std::string(why));
    }
    co_return last;
  }

 private:
  base::Deadline soon() const { return base::Deadline::after(clock_.steady_now(), kPodDeadline); }

  Error no_container(const Object& environment, const std::string& service) const {
    return base::error(Reason::NotFound, "container not found (\"" + service + "\" of pod " + pod_name_of(environment, service) + ")");
  }

  // Its address in the environment's network; where that cannot be reached (an engine on another machine), the published port.
  std::vector<http::Endpoint> ways_to(const Object& environment, const engine::Container& container, std::uint16_t port) const {
    std::vector<http::Endpoint> ways;
    const auto network = plan::network_name(environment.name(), environment.uid());
    for (const auto& attachment : container.attachments) {
      if (attachment.network_name == network && !attachment.ip_address.empty()) ways.push_back(tcp_endpoint(attachment.ip_address, port));
    }
    for (const auto& published : container.ports) {
      if (published.container_port != port || published.protocol != "tcp" || published.host_port == 0) continue;
      const bool any = published.host_ip.empty() || published.host_ip == "0.0.0.0";
      ways.push_back(tcp_endpoint(any ? host_.options().bind_address : published.host_ip, published.host_port));
    }
    return ways;
  }

  Executor executor_;
  base::Clock& clock_;
  Host& host_;
};

}  // namespace

api::PodOperations pod_operations(Executor executor, base::Clock& clock, Host& host) {
  const auto self = std::make_shared<PodServer>(std::move(executor), clock, host);
  api::PodOperations operations;
  operations.logs = [self](ObjectPtr environment, std::string service, api::PodLogOptions options, http::ResponseWriter& writer) {
    return self->logs(std::move(environment), std::move(service), options, writer);
  };
  operations.exec = [self](ObjectPtr environment, std::string service, std::vector<std::string> command, api::RemoteStreams streams) {
    return self->exec(std::move(environment), std::move(service), std::move(command), streams);
  };
  operations.attach = [self](ObjectPtr environment, std::string service, api::RemoteStreams streams) {
    return self->attach(std::move(environment), std::move(service), streams);
  };
  operations.forward = [self](ObjectPtr environment, std::string service, std::uint16_t port) {
    return self->forward(std::move(environment), std::move(service), port);
  };
  return operations;
}

}  // namespace berth::reconcile
