#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "crd/test_environment.h"

namespace berth::reconcile {

// How a connection attempt ended.
enum class Dial {
  Open,         // connected; with a hold: data came, or it was still open at its end
  Refused,      // the host is there, nobody listens; with a hold also: closed at once
  Unreachable,  // no way there: timeout, no route
};

// The network side of probes. Loop thread only. Cancelled: throws operation_aborted.
class ProbeTransport {
 public:
  virtual ~ProbeTransport() = default;
  // hold > 0: the connection must stay open that long or deliver data. A proxy that accepts before the service listens
  // closes at once.
  virtual Task<Dial> dial(std::string host, std::uint16_t port, base::Duration timeout, base::Duration hold) = 0;
  // The status code of a GET. Errors: ServiceUnavailable, Timeout.
  virtual Task<Result<int>> get(std::string host, std::uint16_t port, crd::HttpAction request, base::Duration timeout) = 0;
};

std::unique_ptr<ProbeTransport> make_probe_transport(Executor executor, base::Clock& clock);

}  // namespace berth::reconcile
