#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <deque>

#include "controller/source/file_names.h"
#include "controller/source/watch_set.h"

namespace berth::source {

namespace {

constexpr int kHops = 40;  // as the kernel's own limit

std::deque<std::string> components(const std::string& path) {
  std::deque<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    const auto slash = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, slash - at);
    if (!part.empty() && part != ".") parts.push_back(part);
    at = slash + 1;
  }
  return parts;
}

// "" when `path` is no link.
std::string target_of(const std::string& path) {
  std::array<char, PATH_MAX> text{};
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  return size <= 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

void walk(WatchSet& watches, std::string at, std::deque<std::string> rest, const std::string& path) {
  for (int hops = 0; !rest.empty();) {
    const std::string name = rest.front();
    rest.pop_front();
    if (name == "..") {
      at = path_in(at, name);
      continue;
    }
    watches.entry(at, name, path);
    const std::string here = path_in(at, name);
    const std::string target = target_of(here);
    if (target.empty()) {
      struct stat status {};
      if (::lstat(here.c_str(), &status) != 0) return;
      at = here;
      continue;
    }
    if (++hops > kHops) return;
    auto parts = components(target);
    rest.insert(rest.begin(), parts.begin(), parts.end());
    if (target.front() == '/') at = "/";
  }
}

}  // namespace

void watch_way(WatchSet& watches, const std::string& path) { walk(watches, "/", components(path), path); }

void watch_link(WatchSet& watches, const std::string& path) {
  const std::string target = target_of(path);
  if (target.empty()) return;
  const auto slash = path.rfind('/');
  const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  walk(watches, target.front() == '/' ? "/" : directory, components(target), path);
}

}  // namespace berth::source
