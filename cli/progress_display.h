#pragma once

#include "cli/io.h"
#include "cli/progress.h"

namespace berth::cli {

// Shows a Progress on standard error: a picture that is redrawn in place on a terminal, plain lines elsewhere, nothing
// when quiet.
class ProgressDisplay {
 public:
  ProgressDisplay(Io& io, base::SteadyTime start, bool quiet);

  void update(const Object& environment, base::SteadyTime now);
  void remove(const ObjectKey& key, base::SteadyTime now);
  // Turns the spinner and the clock. Call it every kTick on a terminal.
  void tick(base::SteadyTime now);
  // Leaves the last picture where it is; what is printed next comes below.
  void finish(base::SteadyTime now);
  bool animated() const { return animated_; }

  static constexpr auto kTick = std::chrono::milliseconds(120);

 private:
  void show(base::SteadyTime now);
  Io& io_;
  base::SteadyTime start_;
  bool quiet_;
  bool animated_;
  Progress progress_;
  std::size_t drawn_ = 0;
  int frame_ = 0;
};

}  // namespace berth::cli
