#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task_group.h"
#include "cli/session.h"

namespace berth::cli {

struct ForwardedPort {
  std::uint16_t local = 0;  // 0: any that is free
  std::uint16_t remote = 0;
  bool operator==(const ForwardedPort&) const = default;
};

// "5432", "15432:5432", ":5432", and in place of the last number the name of a port of the service. Errors: BadRequest.
Result<ForwardedPort> parse_forwarded_port(const std::string& text, const json& service);

// Listens on this machine, and hands every connection on to a port of a service's container, each over a WebSocket of its own.
// Loop thread only; stop() before destruction.
class PortForwarder {
 public:
  // `target` is the port-forward of the service's Pod, without a query.
  PortForwarder(Session& session, std::string target) : session_(session), target_(std::move(target)), tasks_(session.executor, "port-forward") {}

  // `address` is an IP address or "localhost", which is 127.0.0.1 and, where there is IPv6, ::1. Returns what it listens on:
  // "127.0.0.1:15432". Errors: Conflict (the port is taken), BadRequest (no such address).
  Result<std::vector<std::string>> listen(const std::string& address, ForwardedPort port);
  Task<void> stop();

 private:
  struct Listener;
  struct Relay;
  Result<std::string> listen_on(const std::string& ip, ForwardedPort& port);
  Task<void> accept(std::shared_ptr<Listener> listener);
  Task<void> forward(std::shared_ptr<Relay> relay);
  Task<void> to_server(std::shared_ptr<Relay> relay);
  Task<void> from_server(std::shared_ptr<Relay> relay);
  void complain(std::uint16_t port, const std::string& why);

  Session& session_;
  const std::string target_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  TaskGroup tasks_;
};

}  // namespace berth::cli
