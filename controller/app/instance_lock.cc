#include "controller/app/instance_lock.h"

#include <unistd.h>

#include <cctype>
#include <cstdlib>

#include "base/locked_file.h"

namespace berth::app {

namespace {

// Engine ids hold colons or dashes; whatever else they may hold stays out of a file name.
std::string as_file_name(const std::string& text) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) || c == '-' ? c : '_';
  return name;
}

}  // namespace

InstanceLock::~InstanceLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> InstanceLock::take(const std::filesystem::path& directory, const std::string& engine_id, const std::string& instance) {
  if (fd_ >= 0) return {};
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  const auto path = directory / (as_file_name(engine_id) + "." + as_file_name(instance) + ".lock");
  auto locked = base::lock_file(path);
  if (locked.has_error()) return locked.error();
  if (locked->fd < 0) {
    return base::error(Reason::Conflict, "--instance: another berthd" + locked->holder() + " is instance \"" + instance +
                                             "\" on this engine; stop it or choose another name");
  }
  fd_ = locked->fd;
  return {};
}

std::filesystem::path lock_directory() {
  if (::geteuid() == 0) return "/run/berth";
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && *runtime == '/') return std::filesystem::path(runtime) / "berth";
  return std::filesystem::temp_directory_path() / ("berth-" + std::to_string(::geteuid()));
}

}  // namespace berth::app
