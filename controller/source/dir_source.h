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
#include "controller/source/object_writer.h"
#include "metrics/manifest_metrics.h"

namespace berth::source {

struct DirSourceOptions {
  std::vector<std::filesystem::path> directories;
  base::Duration prune_delay = std::chrono::seconds(2);
  bool prune_empty = false;
  base::Duration resync = std::chrono::seconds(60);  // jittered second look for what inotify missed
  std::size_t file_limit = 3 * 1024 * 1024;
  // Where it is remembered which environments have ended, in the data directory. Empty: nowhere, until the next start only.
  std::filesystem::path state_file;
};

// Watched directories -> objects (docs/guides/manifests.md says what that means). A DirWatcher looks, on a thread of its own; a Ledger
// says what the directories want; decide() what that means for one object; this class does it, one write at a time per
// object. Writes as field manager `manifests`, with Strict validation, through `client`.
// Loop thread only. `environments` outlives it.
class DirSource {
 public:
  // To be made before environments.start(). Nothing is written before it is synced.
  DirSource(Executor executor, base::Clock& clock, api::Client& client, const crd::Scheme& scheme,
            runtime::Informer& environments, metrics::ManifestMetrics& metrics, EmitEvent emit, DirSourceOptions options);
  ~DirSource();

  // Without directories it only keeps what those of an earlier start made, and remembers how that ends.
  // Errors: Invalid, naming the directory that does not exist or is none (at start only;
  // later that only holds deletions); ServiceUnavailable; InternalError when state_file cannot be read.
  Result<void> start();
  void rescan();  // SIGHUP: reads every file again
  // Ends the thread. Writes that were begun are cancelled.
  Task<void> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace berth::source
