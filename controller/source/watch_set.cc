#include "controller/source/watch_set.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "controller/source/file_names.h"

namespace berth::source {

namespace {

constexpr std::uint32_t kEntry =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
constexpr std::uint32_t kTree = kEntry | IN_CLOSE_WRITE | IN_MODIFY;

Change::Kind kind_of(std::uint32_t mask) {
  if (mask & IN_MODIFY) return Change::Kind::Modified;
  if (mask & IN_CLOSE_WRITE) return Change::Kind::Closed;
  if (mask & IN_MOVED_TO) return Change::Kind::MovedIn;
  if (mask & IN_CREATE) return Change::Kind::Created;
  if (mask & IN_ATTRIB) return Change::Kind::Touched;
  return Change::Kind::Gone;
}

}  // namespace

Result<WatchSet> WatchSet::open() {
  UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd) return base::error(Reason::ServiceUnavailable, std::string("inotify: ") + std::strerror(errno));
  return WatchSet(std::move(fd));
}

void WatchSet::begin() {
  problem_.clear();
  for (auto& [descriptor, watch] : watches_) {
    watch.asked = false;
    watch.trees.clear();
    watch.entries.clear();
  }
}

WatchSet::Watch* WatchSet::watch(const std::string& directory, std::uint32_t mask) {
  const int descriptor = ::inotify_add_watch(fd_.get(), directory.c_str(), mask | IN_ONLYDIR | IN_MASK_ADD);
  if (descriptor < 0) {
    if (errno == ENOSPC) problem_ = "cannot watch " + directory + ": fs.inotify.max_user_watches is reached";
    return nullptr;
  }
  Watch& watch = watches_[descriptor];
  watch.asked = true;
  watch.mask |= mask;
  return &watch;
}

void WatchSet::directory(const std::string& path) {
  if (Watch* found = watch(path, kTree)) found->trees.insert(path);
}

void WatchSet::entry(const std::string& directory, const std::string& name, const std::string& path) {
  const std::uint32_t mask = manifest_name(path.substr(path.rfind('/') + 1)) ? kTree : kEntry;
  if (Watch* found = watch(directory, mask)) found->entries.emplace(name, path);
}

void WatchSet::end() {
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (it->second.asked) {
      ++it;
      continue;
    }
    ::inotify_rm_watch(fd_.get(), it->first);
    it = watches_.erase(it);
  }
}

std::vector<Change> WatchSet::read() {
  std::vector<Change> changes;
  alignas(inotify_event) std::array<char, 65536> block{};
  for (;;) {
    const ssize_t got = ::read(fd_.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return changes;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, block.data() + at, sizeof event);
      const std::string name = event.len > 0 ? std::string(block.data() + at + sizeof event) : std::string();
      translate(event.wd, event.mask, name, changes);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

void WatchSet::translate(int descriptor, std::uint32_t mask, const std::string& name, std::vector<Change>& changes) {
  if (mask & IN_Q_OVERFLOW) {
    changes.push_back({Change::Kind::Lost, "", false});
    return;
  }
  const auto it = watches_.find(descriptor);
  if (it == watches_.end()) return;
  const Watch& watch = it->second;
  if (name.empty()) {
    if (mask & (IN_DELETE_SELF | IN_UNMOUNT | IN_IGNORED)) {
      for (const auto& tree : watch.trees) changes.push_back({Change::Kind::Discarded, tree, true});
    } else if (mask & (IN_MOVE_SELF | IN_ATTRIB)) {
      for (const auto& tree : watch.trees) changes.push_back({Change::Kind::Touched, tree, true});
    }
    if (mask & IN_IGNORED) watches_.erase(it);
    return;
  }
  const bool directory = (mask & IN_ISDIR) != 0;
  const Change::Kind kind = kind_of(mask);
  // What is no manifest by its name may be a directory or a link to one; such things are not written to.
  const bool wanted = kind == Change::Kind::Modified ? manifest_name(name) : !ignored_name(name);
  if (wanted || kind == Change::Kind::Closed) {
    for (const auto& tree : watch.trees) {
      changes.push_back({kind, tree == "/" ? "/" + name : tree + "/" + name, directory});
    }
  }
  for (auto entry = watch.entries.lower_bound({name, ""}); entry != watch.entries.end() && entry->first == name;
       ++entry) {
    changes.push_back({kind, entry->second, directory});
  }
}

}  // namespace berth::source
