#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace berth::fakes {

// A new directory of one test, removed with its contents at the end. Tests run side by side, so none of them
// writes to a name that another could choose.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& within = std::filesystem::temp_directory_path()) {
    std::string name = within / "berth-test-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), "cannot make " + name);
    path_ = name;
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace berth::fakes
