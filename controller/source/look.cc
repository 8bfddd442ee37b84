#include "controller/source/look.h"

namespace berth::source {

std::string Manifest::place(std::string_view path) const {
  const crd::Mark at = document.mark_of(path);
  return file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

bool below(std::string_view directory, std::string_view path) {
  if (directory == "/") return path.size() > 1 && path.front() == '/';
  return path.size() > directory.size() + 1 && path.starts_with(directory) && path[directory.size()] == '/';
}

bool Look::empty(const std::string& directory) const {
  const auto it = files.lower_bound(directory == "/" ? directory : directory + "/");
  return it == files.end() || !below(directory, it->first);
}

}  // namespace berth::source
