#pragma once

#include <memory>

#include "base/task.h"
#include "controller/app/config.h"
#include "controller/app/data_dir.h"

namespace berth::app {

// The composition root of berthd: every part, in the order in which they start; they stop the other way round. Loop thread only.
class App {
 public:
  App(Executor executor, Config config, DataDir data_dir);
  ~App();

  // Opens the store, listens, starts every part. Serves requests when it returns; does not wait for the engine.
  // Errors: with the flag, file or address that is at fault.
  Task<Result<void>> start();
  // What was found out later and leaves nothing to do but to stop, for example that another berthd is this instance. Called once.
  void on_fatal(std::function<void(const Error&)> handler);
  // Reads every manifest again, and the certificate that was given.
  void reload();
  Task<void> stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The whole life of a daemon: starts the App, waits for SIGTERM or SIGINT (SIGHUP reloads), stops it. The exit status.
Task<int> run_until_signalled(Config config, DataDir data_dir);

}  // namespace berth::app
