#pragma once

#include <boost/asio/signal_set.hpp>
#include <functional>
#include <vector>

#include "base/task_group.h"

namespace berth::cli {

// SIGINT, SIGTERM, SIGQUIT and SIGHUP (unless it was ignored at start, as nohup asks) as events instead of an end of
// the process; SIGUSR1 and SIGUSR2 too, which ask nobody to end. Loop thread only; stop() before destruction.
class Interrupts {
 public:
  explicit Interrupts(Executor executor);

  void start();
  // The signals that came and ask for an end, in order.
  const std::vector<int>& received() const { return received_; }
  bool any() const { return !received_.empty(); }
  // Called at each further signal, whatever it asks; replaces the listener before it. Empty = nobody.
  void listen(std::function<void(int signal)> listener) { listener_ = std::move(listener); }
  Task<void> stop();

 private:
  Task<void> run();
  asio::signal_set signals_;
  std::vector<int> received_;
  std::function<void(int)> listener_;
  TaskGroup group_;
};

}  // namespace berth::cli
