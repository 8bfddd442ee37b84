#include "cli/progress_display.h"

#include <ostream>

namespace berth::cli {

ProgressDisplay::ProgressDisplay(Io& io, base::SteadyTime start, bool quiet)
    : io_(io),
      start_(start),
      quiet_(quiet),
      animated_(!quiet && io.err_is_terminal && io.getenv("TERM").value_or("dumb") != "dumb"),
      progress_(ProgressStyle{io.utf8, io.color_err}) {}

void ProgressDisplay::update(const Object& environment, base::SteadyTime now) {
  if (quiet_) return;
  progress_.update(view_environment(environment));
  show(now);
}

void ProgressDisplay::remove(const ObjectKey& key, base::SteadyTime now) {
  if (quiet_) return;
  progress_.remove(key.ns, key.name);
  show(now);
}

void ProgressDisplay::tick(base::SteadyTime now) {
  ++frame_;
  if (animated_) show(now);
}

void ProgressDisplay::finish(base::SteadyTime now) {
  if (animated_) show(now);
  drawn_ = 0;
}

void ProgressDisplay::show(base::SteadyTime now) {
  if (!animated_) {
    for (const auto& line : progress_.news(now - start_)) io_.err << line << "\n";
    io_.err.flush();
    return;
  }
  refresh_terminal_size(io_);
  const auto lines = progress_.picture(now - start_, io_.columns, io_.rows, frame_);
  io_.err << redraw(lines, drawn_) << std::flush;
  drawn_ = lines.size();
}

}  // namespace berth::cli
