#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/result.h"

namespace berth::base {

// The outcome of lock_file(): a descriptor that holds the lock, or none and who holds it.
struct LockedFile {
  int fd = -1;      // the caller closes it; the lock goes with it
  std::string pid;  // of the holder when fd is -1; "" when it did not say
  std::string holder() const { return pid.empty() ? "" : " (pid " + pid + ")"; }
};

// Makes `path` (0600) when it is missing, locks it for this process and writes the pid into it. Does not wait.
// Errors: InternalError (cannot be opened, locked or written; the message names the file).
Result<LockedFile> lock_file(const std::filesystem::path& path);

// Whether `directory`, whose mode is `mode`, is of somebody else: open to others, not empty, and no berthd ever locked it. A berthd that
// took it for its own would close it to them.
bool is_foreign_directory(const std::filesystem::path& directory, mode_t mode);

}  // namespace berth::base
