#include "metrics/api_metrics.h"

#include "metrics/build.h"

namespace berth::metrics {

namespace {

const Buckets kApiRequestSeconds = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1,  1.25, 1.5, 2,
                                    3,     4,     5,    6,   8,   10,  15,  20,  30, 45,   60};

}  // namespace

struct ApiMetrics::Impl {
  explicit Impl(Registry& registry)
      : requests(counters(
            registry, "apiserver_request_total",
            "Counter of apiserver requests broken out for each verb, resource and HTTP response code.")),
        durations(histograms(registry, "apiserver_request_duration_seconds",
                             "Response latency distribution in seconds for each verb and resource.")),
        watchers(gauges(registry, "apiserver_registered_watchers",
                        "Number of currently registered watchers for a given resource.")) {}
  Counters& requests;
  Histograms& durations;
  Gauges& watchers;
};

ApiMetrics::ApiMetrics(Registry& registry) : impl_(std::make_unique<Impl>(registry)) {}
ApiMetrics::~ApiMetrics() = default;

void ApiMetrics::request(const std::string& verb, const std::string& resource, int code, double seconds) {
  impl_->requests.Add({{"verb", verb}, {"resource", resource}, {"code", std::to_string(code)}}).Increment();
  impl_->durations.Add({{"verb", verb}, {"resource", resource}}, kApiRequestSeconds).Observe(seconds);
}

void ApiMetrics::watchers(const std::string& resource, int delta) {
  impl_->watchers.Add({{"resource", resource}}).Increment(delta);
}

}  // namespace berth::metrics
