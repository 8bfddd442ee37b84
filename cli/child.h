#pragma once

#include <sys/types.h>
#include <termios.h>

#include <boost/asio/signal_set.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "cli/quote.h"

namespace berth::cli {

// A command that berthctl runs in the foreground, as a shell would: in a process group of its own that holds the
// terminal while it runs, so that Ctrl-C reaches the command alone and it can read the terminal, wherever the standard
// input of berthctl comes from. Stopped (Ctrl-Z), berthctl stops with it, and goes
// on with it. Loop thread only. At most one at a time.
class Child {
 public:
  // Starts argv[0], found by PATH, with the environment of this process plus `variables`. If berthctl is killed, the
  // command gets SIGTERM. Errors: NotFound (no such command), Forbidden (it cannot be executed), InternalError.
  static Result<std::unique_ptr<Child>> start(Executor executor, const std::vector<std::string>& argv,
                                              const Variables& variables);
  ~Child();  // takes the terminal back; does not end the command
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The exit status as a shell shows it: 128 + n when signal n ended it.
  Task<int> wait();
  // To its whole process group. Nothing happens when it has ended.
  void forward(int signal);

 private:
  explicit Child(Executor executor);
  bool reap(int& status);
  void stopped();
  void take_terminal();
  void lend_terminal();
  bool has_terminal() const { return terminal_ >= 0; }
  bool in_foreground() const;

  asio::signal_set changes_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int terminal_ = -1;  // our controlling terminal, if we have one
  bool lent_ = false;
  termios settings_{};
};

}  // namespace berth::cli
