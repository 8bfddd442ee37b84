#include "controller/reconcile/reaper_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "crd/object.h"

namespace berth::reconcile {

namespace {

struct File {
  explicit File(int descriptor) : fd(descriptor) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd;
};

bool sync_directory(const std::filesystem::path& directory) {
  const File opened(::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.fd >= 0 && ::fsync(opened.fd) == 0;
}

bool write_durably(const std::filesystem::path& file, const std::string& text) {
  const File opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (opened.fd < 0) return false;
  const auto written = ::write(opened.fd, text.data(), text.size());
  return written == static_cast<ssize_t>(text.size()) && ::fsync(opened.fd) == 0;
}

bool flag(const json& state, const char* key) {
  const auto found = state.find(key);
  return found != state.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

ReaperState load_reaper_state(const std::filesystem::path& file) {
  ReaperState state;
  std::ifstream stream(file);
  if (!stream) return state;
  std::ostringstream text;
  text << stream.rdbuf();
  const auto stored = crd::parse_json(text.str());
  if (stored.has_error() || !stored->is_object()) {
    base::log_warn("reaper", "state cannot be read", {{"file", file.string()}});
    return state;
  }
  state.held = flag(*stored, "held");
  state.unseen = flag(*stored, "unseen");
  if (const auto adopted = stored->find("adopted"); adopted != stored->end() && adopted->is_array()) {
    for (const auto& uid : *adopted) {
      if (uid.is_string()) state.adopted.insert(uid.get<std::string>());
    }
  }
  return state;
}

void save_reaper_state(const std::filesystem::path& file, const ReaperState& state) {
  auto fresh = file;
  fresh += ".new";
  const auto text = crd::dump({{"held", state.held}, {"unseen", state.unseen}, {"adopted", state.adopted}}) + "\n";
  if (write_durably(fresh, text) && ::rename(fresh.c_str(), file.c_str()) == 0 && sync_directory(file.parent_path())) return;
  base::log_warn("reaper", "state was not kept", {{"file", file.string()}, {"error", std::strerror(errno)}});
}

}  // namespace berth::reconcile
