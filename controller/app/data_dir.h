#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace berth::app {

// The data directory (mode 0700), held by one berthd at a time. What is in it: `lock`, `instance`, `admin.token` (0600), `berth.db`,
// and what single components keep beside it. Short file operations; used at start only.
class DataDir {
 public:
  // Makes the directory when it is missing and takes its lock. Errors: Conflict (another berthd holds it; the message names its pid),
  // Invalid (it belongs to another user, or holds other people's files), InternalError (cannot be made, read or written; the message
  // names file and cause).
  static Result<DataDir> open(const std::filesystem::path& path);
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;
  ~DataDir();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  // The bearer token: 32 random bytes as hex, made on the first start.
  Result<std::string> admin_token() const;
  // The instance name: `wanted` when it is not empty (and kept from then on), else the one kept, else a new random one.
  Result<std::string> instance(const std::string& wanted) const;
  bool has_instance() const;
  // For a name that was refused before anything was made under it: another one may be chosen then.
  void forget_instance() const;

 private:
  DataDir(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_;
};

}  // namespace berth::app
