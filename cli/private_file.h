#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace berth::cli {

// A file that only its owner may read (0600), written beside its place and put there when it is whole: until then, and when it is not
// kept, what is there stays. Errors: InternalError with the file and the system's text.
class PrivateFile {
 public:
  static Result<PrivateFile> begin(std::filesystem::path place);
  PrivateFile(PrivateFile&&) noexcept = default;
  ~PrivateFile();

  Result<void> write(std::string_view bytes);
  // Durable when it returns.
  Result<void> keep();

 private:
  PrivateFile(std::filesystem::path place, std::string draft, UniqueFd fd)
      : place_(std::move(place)), draft_(std::move(draft)), fd_(std::move(fd)) {}
  std::filesystem::path place_;
  std::string draft_;
  UniqueFd fd_;  // empty once it is kept
};

}  // namespace berth::cli
