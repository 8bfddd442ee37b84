#include "cli/private_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_error.h"
#include "base/file_io.h"

namespace berth::cli {

Result<PrivateFile> PrivateFile::begin(std::filesystem::path place) {
  auto draft = place.string() + ".XXXXXX";
  UniqueFd fd(::mkostemp(draft.data(), O_CLOEXEC));  // 0600
  if (!fd) return base::file_error(place, "cannot be written", errno);
  return PrivateFile(std::move(place), std::move(draft), std::move(fd));
}

PrivateFile::~PrivateFile() {
  if (fd_) ::unlink(draft_.c_str());
}

Result<void> PrivateFile::write(std::string_view bytes) {
  if (!base::write_all(fd_.get(), bytes)) return base::file_error(place_, "cannot be written", errno);
  return {};
}

Result<void> PrivateFile::keep() {
  if (::fsync(fd_.get()) != 0) return base::file_error(place_, "cannot be written", errno);
  if (::rename(draft_.c_str(), place_.c_str()) != 0) return base::file_error(place_, "cannot be replaced", errno);
  fd_ = UniqueFd();
  if (!base::sync_directory_of(place_)) return base::file_error(place_, "its directory cannot be written", errno);
  return {};
}

}  // namespace berth::cli
