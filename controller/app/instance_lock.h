#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace berth::app {

// The right to an instance name on one engine: two berthd that shared it would remove each other's objects as orphans. A locked file
// on this machine, named after the engine's id and the instance; it goes with the process, however that ends. Two machines that drive
// one engine over TCP are not told apart.
class InstanceLock {
 public:
  InstanceLock() = default;
  InstanceLock(const InstanceLock&) = delete;
  InstanceLock& operator=(const InstanceLock&) = delete;
  ~InstanceLock();

  // Errors: Conflict (another process holds it; the message names its pid and what to do), InternalError (the file cannot be made).
  // Held until destroyed; taking it again is a success.
  Result<void> take(const std::filesystem::path& directory, const std::string& engine_id, const std::string& instance);

 private:
  int fd_ = -1;
};

// Where locks of this machine are: /run/berth for root, else a directory of the user's own.
std::filesystem::path lock_directory();

}  // namespace berth::app
