#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "controller/engine/engine.h"
#include "controller/plan/environment_plan.h"
#include "controller/reconcile/probe_transport.h"

namespace berth::reconcile {

struct CheckResult {
  enum class Kind { Success, Failure, Inconclusive };  // Inconclusive: the probe itself could not be made
  Kind kind = Kind::Failure;
  std::string message;
};

// One check of one target, for the probes that ask (exec, tcpSocket, httpGet). Remembers for the whole host whether containers' own
// addresses can be reached from here; where they cannot (a remote or rootless engine), it goes in through the published port.
class ProbeChecker {
 public:
  ProbeChecker(base::Clock& clock, engine::Engine& engine, ProbeTransport& transport)
      : clock_(clock), engine_(engine), transport_(transport) {}

  Task<CheckResult> check(plan::ProbeTarget target);
  // nullopt until something was learned.

 private:
  struct Route {
    std::string host;
    std::uint16_t port = 0;
    bool published = false;
  };
  Task<CheckResult> check_exec(plan::ProbeTarget target, crd::ExecAction action);
  Task<CheckResult> check_tcp(plan::ProbeTarget target, crd::TcpAction action);
  Task<CheckResult> check_http(plan::ProbeTarget target, crd::HttpAction action);
  Task<CheckResult> dial(plan::ProbeTarget target, std::uint16_t port);
  Task<CheckResult> dial_published(plan::ProbeTarget target, std::uint16_t port);
  std::optional<Route> published(const plan::ProbeTarget& target, std::uint16_t port) const;
  // Where nothing is published there is no choice: the address is tried whatever was learned.
  bool try_direct() const;
  void learn(bool direct);

  base::Clock& clock_;
  engine::Engine& engine_;
  ProbeTransport& transport_;
  std::optional<bool> direct_;
  base::SteadyTime learned_at_{};
};

}  // namespace berth::reconcile
