#pragma once

#include <memory>
#include <string>

#include "metrics/registry.h"

namespace berth::metrics {

// berth_engine_up{host}, berth_engine_requests_total{host,operation,code},
// berth_engine_request_duration_seconds{host,operation}, berth_engine_event_reconnects_total{host},
// berth_engine_pulls_total{host,result}.
class EngineMetrics {
 public:
  EngineMetrics(Registry& registry, std::string host);
  ~EngineMetrics();
  // code: HTTP status as text, or "error" when none came.
  void request(const std::string& operation, const std::string& code, double seconds);
  void up(bool is_up);
  void event_reconnect();
  void pull(bool success);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::metrics
