#pragma once

#include <istream>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "cli/io.h"

namespace berth::cli {

// Standard input as it comes, whatever it is: a terminal, a pipe or a file. Loop thread only; stop() before destruction.
class Input {
 public:
  virtual ~Input() = default;
  // "" = the end.
  virtual Task<std::string> read() = 0;
  virtual void stop() = 0;
};

// Reads on a thread of its own, a piece at a time when it is asked for. Without Io::in_fd: Io::in, as a whole.
std::unique_ptr<Input> make_input(Executor executor, Io& io);

}  // namespace berth::cli
