#pragma once

#include <optional>
#include <string>

#include "cli/manifest.h"

namespace berth::cli {

struct RunOptions {
  std::optional<base::Duration> lease;  // --lease
  bool keep = false;                    // --keep-on-failure
};

// What `run` creates: the file's environment under a generated name, bound to a Lease so that it cannot outlive its
// user.
struct RunManifest {
  Manifest manifest;
  json body;
  std::string ns;
  base::Duration lease{};
};

// metadata.name becomes generateName; leaseDurationSeconds is --lease, else the file's, else 60;
// ttlSecondsAfterFinished is 0 unless the file sets it, so that an expired environment's object goes too. With `keep`:
// onFailure Keep, and an hour of life for what is left. Errors: BadRequest (not a TestEnvironment, no name, no whole
// seconds).
Result<RunManifest> make_run_manifest(Manifest manifest, const RunOptions& options);

}  // namespace berth::cli
