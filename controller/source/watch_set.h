#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace berth::source {

// Something happened to a path that is watched. Paths are those that the watches were asked for with.
struct Change {
  enum class Kind {
    Modified,  // written to, by somebody who has it open
    Closed,    // closed by a writer; told of every name, since the file may have got another one while it was open
    Created,
    MovedIn,
    Gone,       // removed or moved away
    Touched,    // its mode or times
    Discarded,  // the watched directory itself was deleted or unmounted
    Lost,       // events were lost: look at everything
  };
  Kind kind = Kind::Lost;
  std::string path;
  bool directory = false;
};

// The inotify side of looking at a tree. Each scan asks again for what it wants watched, between begin() and end(); what is
// not asked for again is dropped. A directory is watched before it is read, so that nothing falls between.
// One thread only. Where the system gives no more watches, things are missed until the next resync: problem() says so.
class WatchSet {
 public:
  // Errors: ServiceUnavailable with the system's text.
  static Result<WatchSet> open();

  int fd() const { return fd_.get(); }
  void begin();
  // Every manifest, directory and link in `path`, and every closing.
  void directory(const std::string& path);
  // One name in a directory: a component of a path, or what a link leads to. Its changes are reported as changes of `path`.
  void entry(const std::string& directory, const std::string& name, const std::string& path);
  void end();
  // What happened since the last call; never waits.
  std::vector<Change> read();
  // Why the last scan could not watch something; "" when it could.
  const std::string& problem() const { return problem_; }

 private:
  struct Watch {
    std::set<std::string> trees;
    std::set<std::pair<std::string, std::string>> entries;  // name, path
    std::uint32_t mask = 0;
    bool asked = false;
  };
  explicit WatchSet(UniqueFd fd) : fd_(std::move(fd)) {}
  Watch* watch(const std::string& directory, std::uint32_t mask);
  void translate(int descriptor, std::uint32_t mask, const std::string& name, std::vector<Change>& changes);

  UniqueFd fd_;
  std::map<int, Watch> watches_;
  std::string problem_;
};

// Asks `watches` for every name that decides what `path` leads to, links followed, missing ends included.
// Changes are reported as changes of `path`.
void watch_way(WatchSet& watches, const std::string& path);
// The same for the target of the link `path`, which lies in a directory that is watched already.
void watch_link(WatchSet& watches, const std::string& path);

}  // namespace berth::source
