#pragma once

#include <string>
#include <vector>

#include "crd/object.h"

namespace berth::cli {

struct PortView {
  std::string endpoint;  // "postgres.sql"
  std::string name;
  std::string variable;  // ports[].env, "" for none
  std::string container_port;
  std::string protocol;  // TCP | UDP | SCTP
  std::string address;   // "127.0.0.1:30000", "" while it is not leased
};

struct ServiceView {
  std::string name;
  std::string image;
  std::string state;  // Waiting, Running, Restarting, Completed, Failed, ...; "Pending" before berthd says anything
  bool ready = false;
  bool failing = false;  // its container ended or broke
  std::string reason;
  std::string message;
  std::string container;
  std::int64_t restarts = 0;
  std::string exit_code;               // "" unless it ended
  std::vector<std::string> waits_for;  // services of dependsOn that are not there yet, while it waits
  std::vector<PortView> ports;
};

// What a person asks about a TestEnvironment, read from spec and status together. Nothing here throws, whatever the
// server sent.
struct EnvironmentView {
  std::string ns;
  std::string name;
  std::string phase;      // "Pending" before there is a status
  bool observed = false;  // status is about the present spec
  bool ready = false;     // condition Ready is True, for the present spec
  bool ended = false;     // Failed or Expired, for the present spec: it will not become Ready any more
  bool deleting = false;
  std::string reason;  // of condition Ready, or of the phase
  std::string message;
  std::string waiting;  // what keeps it from going on: the first condition that is not True
  std::vector<ServiceView> services;

  std::size_t ready_services() const;
};

EnvironmentView view_environment(const Object& environment);

// Why it ended or cannot go on, for the end of a wait: "DeadlineExceeded: ..." and, indented, each service that is not
// ready with its reason, message and last log lines.
std::string explain_environment(const EnvironmentView& view);

}  // namespace berth::cli
