#include "controller/reconcile/probe_check.h"

#include "controller/reconcile/text.h"

namespace berth::reconcile {

namespace {

// An exec costs the engine itself 60 ms when it is idle and seconds when it is busy: that is not the command's time. How much of the
// time was the engine's is not known; more than this is not granted to a command that ended.
constexpr base::Duration kEngineShare = std::chrono::seconds(10);
constexpr base::Duration kGranted = std::chrono::seconds(2);
constexpr const char* kTooLate = "exec probe did not end in time";

using Kind = CheckResult::Kind;

constexpr base::Duration kHold = std::chrono::milliseconds(50);
constexpr base::Duration kLearnAgain = std::chrono::seconds(60);

std::string place(const std::string& host, std::uint16_t port) { return host + ":" + std::to_string(port); }

CheckResult by_status(int status, const std::string& where) {
  if (status >= 200 && status < 400) return {Kind::Success, {}};
  return {Kind::Failure, "GET " + where + " answered " + std::to_string(status)};
}

}  // namespace

Task<CheckResult> ProbeChecker::check(plan::ProbeTarget target) {
  const auto action = target.probe.action;
  if (const auto* exec = std::get_if<crd::ExecAction>(&action)) co_return co_await check_exec(std::move(target), *exec);
  if (const auto* tcp = std::get_if<crd::TcpAction>(&action)) co_return co_await check_tcp(std::move(target), *tcp);
  if (const auto* http = std::get_if<crd::HttpAction>(&action)) co_return co_await check_http(std::move(target), *http);
  CheckResult none;
  none.kind = Kind::Inconclusive;
  co_return none;
}

Task<CheckResult> ProbeChecker::check_exec(plan::ProbeTarget target, crd::ExecAction action) {
  const auto begun = clock_.steady_now();
  const auto deadline = base::Deadline::after(begun, target.probe.timeout + kEngineShare);
  auto command = action.command;
  auto ran = co_await engine_.exec(target.container_id, std::move(command), deadline);
  CheckResult result;
  if (ran.has_value()) {
    if (clock_.steady_now() - begun > target.probe.timeout + kGranted) {
      result.message = kTooLate;
      co_return result;
    }
    result.kind = ran->exit_code == 0 ? Kind::Success : Kind::Failure;
    if (ran->exit_code != 0) {
      result.message = "exec probe exited " + std::to_string(ran->exit_code);
      const auto output = log_tail(ran->output, 512);
      if (!output.empty()) result.message += ": " + output;
    }
    co_return result;
  }
  const auto reason = ran.error().reason;
  if (reason == Reason::DeadlineExceeded) {
    result.message = kTooLate;
  } else if (reason == Reason::CommandNotFound) {
    result.message = "exec probe: " + ran.error().message;
  } else {
    result.kind = Kind::Inconclusive;
    result.message = ran.error().message;
  }
  co_return result;
}

Task<CheckResult> ProbeChecker::check_tcp(plan::ProbeTarget target, crd::TcpAction action) {
  if (action.host.empty()) co_return co_await dial(std::move(target), action.port);
  const auto end = co_await transport_.dial(action.host, action.port, target.probe.timeout, base::Duration(0));
  CheckResult result;
  result.kind = end == Dial::Open ? Kind::Success : Kind::Failure;
  if (end != Dial::Open) result.message = "cannot connect to " + place(action.host, action.port);
  co_return result;
}

Task<CheckResult> ProbeChecker::dial(plan::ProbeTarget target, std::uint16_t port) {
  const bool has_way = published(target, port).has_value();
  if (target.ip_address.empty() || (has_way && !try_direct())) co_return co_await dial_published(std::move(target), port);
  const auto end = co_await transport_.dial(target.ip_address, port, target.probe.timeout, base::Duration(0));
  CheckResult result;
  if (end == Dial::Unreachable && direct_ != true) {
    if (has_way) learn(false);  // one address alone may be that of a container that is just ending
    co_return co_await dial_published(std::move(target), port);
  }
  if (end != Dial::Unreachable) learn(true);
  result.kind = end == Dial::Open ? Kind::Success : Kind::Failure;
  if (end == Dial::Refused) result.message = "connection to " + place(target.ip_address, port) + " refused";
  if (end == Dial::Unreachable) result.message = "no answer from " + place(target.ip_address, port);
  co_return result;
}

Task<CheckResult> ProbeChecker::dial_published(plan::ProbeTarget target, std::uint16_t port) {
  CheckResult result;
  const auto way = published(target, port);
  if (!way) {
    result.kind = Kind::Inconclusive;
    result.message = "port " + std::to_string(port) + " of the container cannot be reached from berthd and is not published: use exec";
    co_return result;
  }
  const auto end = co_await transport_.dial(way->host, way->port, target.probe.timeout, kHold);
  result.kind = end == Dial::Open ? Kind::Success : Kind::Failure;
  if (end != Dial::Open) result.message = "nothing answers behind " + place(way->host, way->port);
  co_return result;
}

Task<CheckResult> ProbeChecker::check_http(plan::ProbeTarget target, crd::HttpAction action) {
  CheckResult result;
  Route route{action.host, action.port, false};
  if (action.host.empty()) {
    // The connection shows which way leads there; only the request shows whether it is ready.
    auto reached = co_await dial(target, action.port);
    if (reached.kind != Kind::Success) co_return reached;
    route = {target.ip_address, action.port, false};
    if (direct_ == false || target.ip_address.empty()) route = published(target, action.port).value_or(route);
  }
  auto answer = co_await transport_.get(route.host, route.port, action, target.probe.timeout);
  if (answer.has_error()) {
    result.message = "GET " + place(route.host, route.port) + action.path + ": " + answer.error().message;
    co_return result;
  }
  co_return by_status(*answer, place(route.host, route.port) + action.path);
}

std::optional<ProbeChecker::Route> ProbeChecker::published(const plan::ProbeTarget& target, std::uint16_t port) const {
  const auto lease = target.published.find(port);
  if (lease == target.published.end()) return std::nullopt;
  const auto& ip = lease->second.host_ip;
  return Route{ip.empty() || ip == "0.0.0.0" ? "127.0.0.1" : ip, lease->second.host_port, true};
}

bool ProbeChecker::try_direct() const {
  return direct_ != false || clock_.steady_now() - learned_at_ > kLearnAgain;
}

void ProbeChecker::learn(bool direct) {
  direct_ = direct;
  learned_at_ = clock_.steady_now();
}

}  // namespace berth::reconcile
