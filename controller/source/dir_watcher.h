#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "controller/source/look.h"
#include "controller/source/tree_scan.h"
#include "controller/source/unique_fd.h"
#include "controller/source/watch_set.h"

namespace berth::source {

// The thread that looks at the directories: once at start, whenever something happens in them, and when asked. It waits
// without using the processor, and does small blocking jobs for its owner.
class DirWatcher {
 public:
  // Called on the watcher's thread. Looks come in the order in which they were taken.
  using OnLook = std::function<void(LookPtr)>;

  // `roots`: absolute paths. `clock` is only read.
  DirWatcher(std::vector<std::string> roots, std::size_t file_limit, base::Clock& clock, OnLook on_look);
  ~DirWatcher();  // stops

  // Errors: ServiceUnavailable when the system has no thread or descriptor left.
  Result<void> start();
  // Any thread. A look that began after this call will come. `reread`: with the contents of all files.
  void look(bool reread);
  // Any thread. Runs `job` on the watcher's thread; after stop() began, never.
  void run(std::function<void()> job);
  // Runs the jobs that are waiting, ends the thread and waits for that: no longer than a scan takes.
  void stop();

 private:
  void main();
  bool wait(int timeout_ms);  // whether a change makes a look necessary
  int milliseconds_until(base::SteadyTime when) const;
  void publish(bool reread);
  void wake();

  base::Clock& clock_;
  OnLook on_look_;
  std::unique_ptr<WatchSet> watches_;  // null: the system has no inotify left; the resync has to do
  std::unique_ptr<TreeScan> scan_;
  std::vector<std::string> roots_;
  std::size_t file_limit_;
  std::string told_;
  UniqueFd wake_;

  std::mutex mutex_;
  bool stopping_ = false;
  bool look_ = true;
  bool reread_ = false;
  std::vector<std::function<void()>> jobs_;

  std::thread thread_;
};

}  // namespace berth::source
