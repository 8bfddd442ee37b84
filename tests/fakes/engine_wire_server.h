#pragma once

#include <memory>

#include "api/http/endpoint.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "tests/fakes/fake_engine.h"

namespace berth::fakes {

// A FakeEngine behind a socket, in the words of the Docker Engine API: every request that berth sends, and a little more for
// people who look with the docker command. Statuses and texts are those of the engine that engine_info names, so that a client
// comes to the same Reason as without the socket. Loop thread only.
//
// A call that hangs (Fault) is answered with 503 after ten minutes, a start never. What berth does not ask for (wait, stats, builds,
// volumes that have a name) is not there: 404 "page not found".
class EngineWireServer {
 public:
  // `engine` and `clock` outlive it.
  EngineWireServer(Executor executor, base::Clock& clock, FakeEngine& engine);
  ~EngineWireServer();
  // Errors: those of http::Server::listen().
  Result<http::Endpoint> listen(const http::Endpoint& endpoint);
  // Cuts every connection and removes the socket, as an engine that died; listen() brings it back.
  Task<void> stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::fakes
