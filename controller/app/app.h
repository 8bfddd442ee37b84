#pragma once

#include <functional>
#include <memory>

#include "api/storage/store.h"
#include "base/task.h"
#include "controller/app/config.h"
#include "controller/app/data_dir.h"
#include "controller/engine/engine.h"

namespace berth::app {

// What stands between berthd and its two effects on the world. Tests put themselves there; empty: nothing does.
struct Wraps {
  std::function<std::unique_ptr<engine::Engine>(std::unique_ptr<engine::Engine>)> engine;
  std::function<std::unique_ptr<storage::Store>(std::unique_ptr<storage::Store>)> store;
};

// The composition root of berthd: every part, in the order in which they start; they stop the other way round. Loop thread only.
class App {
 public:
  App(Executor executor, Config config, DataDir data_dir, Wraps wraps);
  ~App();

  // Opens the store, listens, starts every part. Serves requests when it returns; does not wait for the engine.
  // Errors: with the flag, file or address that is at fault.
  Task<Result<void>> start();
  // What was found out later and leaves nothing to do but to stop, for example that another berthd is this instance. Called once.
  void on_fatal(std::function<void(const Error&)> handler);
  // Reads every manifest again, and the certificate that was given.
  void reload();
  // Ends within 10 s; environments stay as they are. Where `hurry` is given and the configuration says so, they are torn down before:
  // until all are gone, *hurry is true, or a minute is over.
  Task<void> stop(std::shared_ptr<const bool> hurry = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// berthd from its arguments to its exit status: starts the App, waits for SIGTERM or SIGINT (SIGHUP reloads), stops it. Once in a process.
int run_daemon(int argc, char** argv, Wraps wraps = {});

}  // namespace berth::app
