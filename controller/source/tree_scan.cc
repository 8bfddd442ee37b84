#include "controller/source/tree_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "controller/source/documents.h"
#include "controller/source/file_names.h"

namespace berth::source {

namespace {

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

struct DirCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

unsigned char type_of(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat status {};
  if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return static_cast<unsigned char>(IFTODT(status.st_mode));
}

}  // namespace

bool TreeScan::note(const std::vector<Change>& changes, base::SteadyTime now) {
  bool needed = false;
  for (const auto& change : changes) {
    switch (change.kind) {
      case Change::Kind::Modified:
        writing_[change.path] = now;
        continue;
      case Change::Kind::Closed:
        if (!manifest_name(name_of(change.path))) {
          if (!held_open_) continue;
          other_closed_ = true;
          break;
        }
        writing_.erase(change.path);
        closed_[change.path] = now;
        break;
      case Change::Kind::MovedIn:
        writing_.erase(change.path);
        closed_[change.path] = now;
        moved_in_.insert(change.path);
        break;
      case Change::Kind::Created: {
        struct stat status {};
        if (change.directory || ::lstat(change.path.c_str(), &status) != 0) break;
        // A link is complete. An empty file has just been opened for writing; one with content was put here with it (link,
        // linkat), or is written to, which is told next.
        if (S_ISLNK(status.st_mode)) {
          closed_[change.path] = now;
        } else if (S_ISREG(status.st_mode) && status.st_size == 0) {
          writing_[change.path] = now;
          continue;
        }
        break;
      }
      case Change::Kind::Gone: writing_.erase(change.path); break;
      case Change::Kind::Discarded: numbers_.erase(change.path); break;
      case Change::Kind::Touched: break;
      case Change::Kind::Lost:
        writing_.clear();
        lost_ = true;
        break;
    }
    needed = true;
  }
  return needed;
}

Look TreeScan::scan(base::SteadyTime now, base::SystemTime wall, bool reread) {
  now_ = now;
  wall_ = wall;
  reread_ = std::exchange(lost_, false) || reread;
  unsettled_ = false;
  visited_.clear();
  before_.clear();
  next_.clear();
  held_open_ = false;
  if (reread) {
    std::erase_if(writing_, [&](const auto& file) {
      const auto open = being_written(file.first);
      return open ? !*open : now - file.second > kForgetWriter;
    });
  }
  Look look;
  look.at = now;
  look.roots = roots_;
  if (watches_) watches_->begin();
  for (const auto& root : roots_) {
    if (watches_) watch_way(*watches_, root);
    read_tree(root, look);
  }
  while (!links_.empty()) {
    auto links = std::exchange(links_, {});
    std::sort(links.begin(), links.end());
    for (const auto& link : links) follow(link, look);
  }
  if (watches_) watches_->end();
  known_ = std::exchange(next_, {});
  closed_.clear();
  moved_in_.clear();
  other_closed_ = false;
  std::erase_if(numbers_, [&](const auto& item) { return !look.directories.contains(item.first); });
  return look;
}

void TreeScan::retract(Look& look, const std::vector<Change>& changes) {
  for (const auto& change : changes) {
    if (change.kind != Change::Kind::Modified) continue;
    const auto read = before_.find(change.path);
    if (read == before_.end()) continue;
    FileLook& file = look.files[change.path];
    file = {FileState::Writing, read->second ? read->second->content : nullptr, ""};
    if (read->second) {
      known_[change.path] = *read->second;
    } else {
      known_.erase(change.path);
    }
  }
}

void TreeScan::read_tree(const std::string& directory, Look& look) {
  std::vector<std::string> rest = read_directory(directory, look);
  while (!rest.empty()) {
    const std::string next = std::move(rest.back());
    rest.pop_back();
    auto more = read_directory(next, look);
    rest.insert(rest.end(), more.begin(), more.end());
  }
}

std::vector<std::string> TreeScan::read_directory(const std::string& path, Look& look) {
  std::vector<std::string> directories;
  if (watches_) watches_->directory(path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    if (errno != ENOENT) look.unreadable[path] = path + ": cannot be read: " + std::strerror(errno);
    return directories;
  }
  const std::unique_ptr<DIR, DirCloser> stream(::fdopendir(fd));
  if (!stream) ::close(fd);
  struct statx status {};
  if (!stream || ::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) {
    look.unreadable[path] = path + ": cannot be read: " + std::strerror(errno);
    return directories;
  }
  const std::uint64_t device = (std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor;
  const bool has_birth = (status.stx_mask & STATX_BTIME) != 0;
  look.directories[path] = number(
      path, {device, status.stx_ino, has_birth ? status.stx_btime.tv_sec * 1'000'000'000LL + status.stx_btime.tv_nsec : 0});
  if (!visited_.emplace(device, status.stx_ino).second) return directories;

  std::vector<std::string> files;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (!ignored_name(name)) {
      switch (type_of(fd, *entry)) {
        case DT_DIR: directories.push_back(path_in(path, name)); break;
        case DT_LNK: links_.push_back(path_in(path, name)); break;
        default:
          if (manifest_name(name)) files.push_back(path_in(path, name));
      }
    }
    errno = 0;
  }
  if (errno != 0) {
    look.unreadable[path] = path + ": cannot be read: " + std::strerror(errno);
    return {};
  }
  std::sort(files.begin(), files.end());
  std::sort(directories.rbegin(), directories.rend());
  for (const auto& file : files) look_at_file(file, false, look);
  return directories;
}

void TreeScan::follow(const std::string& link, Look& look) {
  if (watches_) watch_link(*watches_, link);
  struct stat status {};
  if (::stat(link.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    read_tree(link, look);
  } else if (manifest_name(name_of(link))) {
    look_at_file(link, true, look);
  } else if (::stat(link.c_str(), &status) != 0) {
    look.unreadable[link] = link + ": leads to nothing that can be read: " + std::strerror(errno);
  }
}

void TreeScan::look_at_file(const std::string& path, bool link, Look& look) {
  const auto old = known_.find(path);
  const Known* known = old == known_.end() ? nullptr : &old->second;
  const auto stamp = stamp_of(path);
  if (!stamp.has_value()) {
    if (stamp.error().reason == Reason::NotFound && !link) return;  // removed just now
    look.files[path] = {FileState::Unreadable, known ? known->content : nullptr, stamp.error().message};
    if (known) next_[path] = *known;
    return;
  }
  if (!visited_.emplace(stamp->device, stamp->inode).second && link) return;

  const auto closed = closed_.find(path);
  const bool complete = closed != closed_.end() || arrived(path);
  const bool same = known && known->stamp == *stamp;
  if (!writing_.contains(path) && same && !complete && !reread_) {
    look.files[path] = {known->problem.empty() ? FileState::Read : FileState::Unreadable, known->content, known->problem};
    next_[path] = *known;
    return;
  }
  bool wait = writing_.contains(path);
  if (!wait && !complete && !same) {
    const auto open = being_written(path);
    const auto age = wall_.time_since_epoch() - std::chrono::nanoseconds(stamp->modified_ns);
    wait = open ? *open : age >= base::Duration(0) && age < kSettle;
    held_open_ = held_open_ || open == true;
    // A closing is told a moment before the file counts as closed.
    unsettled_ = unsettled_ || (wait && (!open || other_closed_));
  }
  if (wait) {
    look.files[path] = {FileState::Writing, known ? known->content : nullptr, ""};
    if (known) next_[path] = *known;
    return;
  }
  before_[path] = known ? std::optional<Known>(*known) : std::nullopt;
  look.files[path] = read(path, *stamp, known, closed == closed_.end() ? now_ : closed->second);
}

FileLook TreeScan::read(const std::string& path, const Stamp& stamp, const Known* known, base::SteadyTime noticed) {
  const ContentPtr earlier = known ? known->content : nullptr;
  auto file = read_file(path, file_limit_);
  if (!file.has_value()) {
    const std::string problem = file.error().message;
    next_[path] = {stamp, earlier, problem};
    return {FileState::Unreadable, earlier, problem};
  }
  if (!file->steady) {
    unsettled_ = true;
    if (known) next_[path] = *known;
    return {FileState::Writing, earlier, ""};
  }
  ContentPtr content = earlier;
  if (!content || content->hash != content_hash(file->text)) {
    auto fresh = std::make_shared<FileContent>(parse_file(file->text, path, file_limit_));
    fresh->noticed = noticed;
    content = std::move(fresh);
  }
  next_[path] = {file->stamp, content, ""};
  return {FileState::Read, content, ""};
}

bool TreeScan::arrived(const std::string& path) const {
  if (moved_in_.empty()) return false;
  for (std::string at = path; !at.empty(); at.resize(at.rfind('/'))) {
    if (moved_in_.contains(at)) return true;
  }
  return false;
}

std::uint64_t TreeScan::number(const std::string& path, const Identity& identity) {
  const auto it = numbers_.find(path);
  if (it != numbers_.end() && it->second.first == identity) return it->second.second;
  numbers_[path] = {identity, ++last_number_};
  return last_number_;
}

}  // namespace berth::source
