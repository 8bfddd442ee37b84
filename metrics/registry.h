#pragma once

#include <memory>
#include <string>

namespace prometheus {
class Registry;
}

namespace berth::metrics {

// Every series of one berthd. Components get their own struct (api_metrics.h, engine_metrics.h, ...), made from this
// registry once; a test makes its own registry. Label values are bounded; fixed series exist from the start with 0.
// Metric objects may be used from any thread; text() too.
class Registry {
 public:
  Registry();
  ~Registry();
  // Prometheus text format 0.0.4, process_* and berth_build_info included.
  std::string text() const;
  prometheus::Registry& raw() { return *raw_; }

 private:
  std::shared_ptr<prometheus::Registry> raw_;
};

inline constexpr const char* kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace berth::metrics
