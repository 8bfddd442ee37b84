#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "controller/source/look.h"

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
  // Runs the jobs that are waiting, ends the thread and waits for that; when a filesystem holds up a scan, for `patience` at most.
  // The thread then ends when it is let go, and calls nobody.
  void stop(base::Duration patience = std::chrono::seconds(5));

 private:
  struct State;  // shared with the thread, which may outlive its owner
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace berth::source
