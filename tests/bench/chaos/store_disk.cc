#include "tests/bench/chaos/store_disk.h"

#include <sys/mount.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace berth::chaos {

namespace {

constexpr const char* kSize = "size=64m,mode=0700";

std::string filler(const std::string& directory) { return directory + "/filler"; }

}  // namespace

StoreDisk::StoreDisk(std::string directory) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  if (::mount("none", directory_.c_str(), "tmpfs", 0, kSize) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot mount a file system for the store at " + directory_);
  }
}

StoreDisk::~StoreDisk() { ::umount2(directory_.c_str(), MNT_DETACH); }

bool StoreDisk::fill() {
  if (full_) return false;
  std::ofstream file(filler(directory_), std::ios::binary);
  const std::string page(4096, '\0');
  while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {}
  return full_ = true;
}

void StoreDisk::drain() {
  if (!full_) return;
  std::filesystem::remove(filler(directory_));
  full_ = false;
}

}  // namespace berth::chaos
