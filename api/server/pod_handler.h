#pragma once

#include <memory>

#include "api/registry.h"
#include "api/server/pod_options.h"
#include "api/server/remote_process.h"
#include "api/server/reply.h"
#include "api/server/route.h"
#include "api/server/stream_protocol.h"
#include "base/clock.h"

namespace berth::api {

// The parts of a Pod that lead to its container: log, exec, attach, portforward. Loop thread only; outlives its requests.
class PodHandler {
 public:
  PodHandler(const Registry& registry, base::Clock& clock, const PodOperations& operations)
      : registry_(registry), clock_(clock), operations_(operations) {}

  static bool serves(const Route& route);
  // REQUIRES: serves(route). Answers every request, errors too.
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, Route route, Reply& reply);

 private:
  struct Target;  // the container behind a pod
  Result<Target> find(const http::ServerRequest& request, const Route& route) const;
  Task<Result<void>> log(const http::ServerRequest& request, Target target, Reply& reply);
  Task<Result<void>> process(const http::ServerRequest& request, Target target, bool is_exec, Reply& reply);
  Task<Result<std::shared_ptr<RemoteProcess>>> open_process(Target target, PodExecOptions options, bool is_exec) const;
  Task<Result<void>> forward(const http::ServerRequest& request, Target target, Reply& reply);
  // Answers 101; null when it answered otherwise, or the client has gone.
  Task<std::shared_ptr<http::ByteStream>> upgrade(const http::ServerRequest& request, Transport transport,
                                                  std::optional<ChannelProtocol> protocol, bool is_forward, Reply& reply);

  const Registry& registry_;
  base::Clock& clock_;
  const PodOperations& operations_;
};

}  // namespace berth::api
