#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "api/http/server.h"
#include "base/clock.h"
#include "tests/fakes/engine_wire_server.h"
#include "tests/fakes/fake_engine.h"

namespace berth::fakes {

// The hands of a FakeEngine over HTTP, for tests that run berthd as a program: small JSON bodies, camelCase, times in seconds.
// What is not known (a path, a key, an operation, a container) is refused with the names that are.
//
//   POST /faults           operation, target, skip, times, takesEffect; hang, or reason, status, message; DELETE: forget them all
//   POST /behaviours       who, failsToStart {reason, message}, exitsAfter, exitCode, oomKilled, starts, healthyAfter, stopTakes,
//                          stopExitCode, logs, exec [{contains, exitCode, output}] (the first that fits; else 0 and nothing)
//   POST /images           reference, healthcheck, volumes, onlyInRegistry; or refusal {reason, message}; everyImageExists
//   POST /latency          operation, seconds
//   POST /kill             container, exitCode, oomKilled      POST /remove      container or network
//   POST /health           container, status                   POST /logs        container, text
//   POST /disconnect       network, container                  POST /hold-port   hostIp, port, release
//   POST /pause            container, paused                   POST /rename      container, name
//   POST /removing         container: somebody removes it, without an end
//   POST /foreign-network  name, subnet, labels                POST /foreign-container  name, network, labels
//   POST /lose-events      lose                                POST /down        down: the socket goes away and comes back
//   POST /event-quirks     lostPercent, doubledPercent, late, seed; each call sets all of them
//   POST /restart          downFor, liveRestore: connections end, what runs is exited with 0 or runs on, events are forgotten
//   GET  /state            containers, networks, volumes, counts
//   GET  /calls            ?operation=NAME; DELETE: forget them
class EngineControl {
 public:
  // `server` listens on `endpoint`; all outlive it.
  EngineControl(base::Clock& clock, FakeEngine& engine, EngineWireServer& server, http::Endpoint endpoint);
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, http::ResponseWriter& writer);

 private:
  using Json = nlohmann::json;
  class Fields;
  struct Verb {
    std::string_view method;
    std::string_view path;
    Json (EngineControl::*act)(const Fields&);
  };
  static const std::vector<Verb>& verbs();
  Task<Json> obey(std::shared_ptr<const http::ServerRequest> request);
  Json act(const Verb& verb, const http::ServerRequest& request, const Json& body);
  Task<void> go_down();
  void come_up();

  Json add_fault(const Fields& fields);
  Json forget_faults(const Fields& fields);
  Json add_behaviour(const Fields& fields);
  Json add_image(const Fields& fields);
  Json set_latency(const Fields& fields);
  Json kill(const Fields& fields);
  Json remove(const Fields& fields);
  Json set_health(const Fields& fields);
  Json write_logs(const Fields& fields);
  Json disconnect(const Fields& fields);
  Json hold_port(const Fields& fields);
  Json add_foreign_network(const Fields& fields);
  Json add_foreign_container(const Fields& fields);
  Json lose_events(const Fields& fields);
  Json disturb_events(const Fields& fields);
  Json set_paused(const Fields& fields);
  Json rename(const Fields& fields);
  Json set_removing(const Fields& fields);
  Json state(const Fields& fields);
  Json calls(const Fields& fields);
  Json forget_calls(const Fields& fields);

  base::Clock& clock_;
  FakeEngine& engine_;
  EngineWireServer& server_;
  http::Endpoint endpoint_;
  bool down_ = false;
};

}  // namespace berth::fakes
