#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/client/client.h"
#include "base/clock.h"
#include "base/task_group.h"
#include "controller/runtime/informer.h"
#include "metrics/manifest_metrics.h"

namespace berth::source {

struct DirSourceOptions {
  std::vector<std::filesystem::path> directories;
  base::Duration prune_delay = std::chrono::seconds(2);
  bool prune_empty = false;
  base::Duration resync = std::chrono::seconds(60);  // jittered second look for what inotify missed
  std::size_t file_limit = 3 * 1024 * 1024;
};

// Reports something a person would ask about to core/v1 Events of an object (or, with a null object, only to the log).
using EmitEvent = std::function<void(const ObjectPtr& about, bool warning, std::string reason, std::string message)>;

// Watched directories -> objects. Files are read and parsed on a thread of its own; decisions are taken on the loop thread.
// Writes as field manager `manifests`, with Strict validation, through `client`.
class DirSource {
 public:
  DirSource(Executor executor, base::Clock& clock, api::Client& client, const crd::Scheme& scheme,
            runtime::Informer& environments, metrics::ManifestMetrics& metrics, EmitEvent emit, DirSourceOptions options);
  ~DirSource();

  // Errors: Invalid, naming the directory that does not exist or is none (at start only; later that only holds deletions).
  Result<void> start();
  void rescan();  // SIGHUP
  Task<void> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace berth::source
