#pragma once

#include <memory>
#include <string>

#include "metrics/registry.h"

namespace berth::metrics {

// berth_manifest_files{state} (valid | invalid | conflicting), berth_manifest_sync_seconds (file closed -> objects
// committed), berth_manifest_errors_total, berth_manifest_held_deletions (deletions held back because a directory is gone or empty).
class ManifestMetrics {
 public:
  explicit ManifestMetrics(Registry& registry);
  ~ManifestMetrics();
  void files(int valid, int invalid, int conflicting);
  void sync(double seconds);
  void error();
  void held_deletions(int n);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::metrics
