#include "metrics/engine_metrics.h"

#include "metrics/build.h"

namespace berth::metrics {

namespace {

const Buckets kEngineRequestSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

}  // namespace

struct EngineMetrics::Impl {
  Impl(Registry& registry, std::string h)
      : host(std::move(h)),
        requests(counters(registry, "berth_engine_requests_total",
                          "Requests to the engine by operation and HTTP status; error when none came.")),
        durations(histograms(registry, "berth_engine_request_duration_seconds",
                             "Time from the request to the end of the engine's answer.")),
        up(gauges(registry, "berth_engine_up", "Whether the engine answered the last time it was asked.")
               .Add({{"host", host}})),
        reconnects(counters(registry, "berth_engine_event_reconnects_total",
                            "How often the engine's event stream ended and was opened again.")
                       .Add({{"host", host}})),
        pulls(counters(registry, "berth_engine_pulls_total", "Image pulls by result.")) {
    start_at_zero(pulls, {{"host", host}}, "result", {"success", "failure"});
  }
  const std::string host;
  Counters& requests;
  Histograms& durations;
  prometheus::Gauge& up;
  prometheus::Counter& reconnects;
  Counters& pulls;
};

EngineMetrics::EngineMetrics(Registry& registry, std::string host)
    : impl_(std::make_unique<Impl>(registry, std::move(host))) {}
EngineMetrics::~EngineMetrics() = default;

void EngineMetrics::request(const std::string& operation, const std::string& code, double seconds) {
  impl_->requests.Add({{"host", impl_->host}, {"operation", operation}, {"code", code}}).Increment();
  impl_->durations.Add({{"host", impl_->host}, {"operation", operation}}, kEngineRequestSeconds).Observe(seconds);
}

void EngineMetrics::up(bool is_up) { impl_->up.Set(is_up ? 1 : 0); }
void EngineMetrics::event_reconnect() { impl_->reconnects.Increment(); }

void EngineMetrics::pull(bool success) {
  impl_->pulls.Add({{"host", impl_->host}, {"result", success ? "success" : "failure"}}).Increment();
}

}  // namespace berth::metrics
