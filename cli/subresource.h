#pragma once

#include <optional>
#include <string>

#include "crd/scheme.h"

namespace berth::cli {

struct LogQuery {
  bool follow = false;
  bool previous = false;  // of the run before the last start
  std::optional<int> tail;
  bool timestamps = false;
  std::optional<std::int64_t> since_seconds;
  std::string since_time;  // RFC 3339, "" = none
};

// Request targets of what lies below an environment.
std::string log_target(const crd::Scheme& scheme, const ObjectKey& environment, const std::string& service,
                       const LogQuery& query);
// A part of the Pod that shows a service: log, exec, portforward.
std::string pod_target(const crd::Scheme& scheme, const ObjectKey& environment, const std::string& service, const std::string& part);
std::string attach_target(const crd::Scheme& scheme, const ObjectKey& environment);
std::string attach_body(const std::string& container, bool connect);
// What no Kubernetes API has.
std::string why_target(const ObjectKey& environment);
std::string inspect_target(const ObjectKey& environment);
std::string reap_target();
std::string reap_body(bool confirm, bool adopt);

}  // namespace berth::cli
