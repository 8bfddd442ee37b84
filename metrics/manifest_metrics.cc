#include "metrics/manifest_metrics.h"

#include "metrics/build.h"

namespace berth::metrics {

namespace {

const Buckets kSyncSeconds = {0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

}  // namespace

struct ManifestMetrics::Impl {
  explicit Impl(Registry& r) : registry(r) {
    start_at_zero(files, {}, "state", {"valid", "invalid", "conflicting"});
  }
  Registry& registry;
  Gauges& files =
      gauges(registry, "berth_manifest_files", "Manifest files in the watched directories by state.");
  prometheus::Histogram& sync = histograms(registry, "berth_manifest_sync_seconds",
                                           "Time from a file that was closed to its objects being committed.")
                                    .Add({}, kSyncSeconds);
  prometheus::Counter& errors =
      counters(registry, "berth_manifest_errors_total", "Manifests that could not be read or were refused.")
          .Add({});
  prometheus::Gauge& held_deletions =
      gauges(registry, "berth_manifest_held_deletions",
             "Objects that are kept though their manifest is gone, because its directory is gone or empty.")
          .Add({});
};

ManifestMetrics::ManifestMetrics(Registry& registry) : impl_(std::make_unique<Impl>(registry)) {}
ManifestMetrics::~ManifestMetrics() = default;

void ManifestMetrics::files(int valid, int invalid, int conflicting) {
  impl_->files.Add({{"state", "valid"}}).Set(valid);
  impl_->files.Add({{"state", "invalid"}}).Set(invalid);
  impl_->files.Add({{"state", "conflicting"}}).Set(conflicting);
}
void ManifestMetrics::sync(double seconds) { impl_->sync.Observe(seconds); }
void ManifestMetrics::error() { impl_->errors.Increment(); }
void ManifestMetrics::held_deletions(int n) { impl_->held_deletions.Set(n); }

}  // namespace berth::metrics
