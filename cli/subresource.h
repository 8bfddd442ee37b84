#pragma once

#include <optional>
#include <string>

#include "crd/scheme.h"

namespace berth::cli {

struct LogQuery {
  bool follow = false;
  std::optional<int> tail;
  bool timestamps = false;
  std::optional<std::int64_t> since_seconds;
};

// Request targets of what lies below an environment.
std::string log_target(const crd::Scheme& scheme, const ObjectKey& environment, const std::string& service,
                       const LogQuery& query);
std::string attach_target(const crd::Scheme& scheme, const ObjectKey& environment);
std::string attach_body(const std::string& container, bool connect);
std::string reap_target();
std::string reap_body(bool confirm, bool adopt);

}  // namespace berth::cli
