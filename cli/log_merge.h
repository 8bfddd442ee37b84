#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace berth::cli {

struct LogLine {
  std::size_t source = 0;
  base::SystemTime time{};
  std::string stamp;  // as the engine wrote it
  std::string text;   // without its end
};

// "2026-11-27T10:47:55.123456789Z text" as the engine writes it with timestamps. What has no time gets `otherwise`, and no stamp. The
// engine hands out a long line in pieces of 16 KiB, each with a time of its own: these are taken out.
LogLine parse_log_line(std::string_view line, base::SystemTime otherwise);

// Puts the lines of several logs, each in order, into one order by their times. Where one log is quiet, others wait for it `window` long,
// or with nullopt until it ends. Pure.
class LogMerge {
 public:
  explicit LogMerge(std::optional<base::Duration> window) : window_(window) {}

  // A log, which has not ended.
  std::size_t add_source();
  void put(LogLine line, base::SteadyTime now);
  // Nobody waits for an idle log, which may go on later.
  void set_idle(std::size_t source, bool idle) { sources_[source].idle = idle; }
  // Bytes that wait.
  std::size_t waiting(std::size_t source) const { return sources_[source].bytes; }
  bool empty() const;
  // The next line; nullopt when there is none, or an earlier one may still come.
  std::optional<LogLine> take(base::SteadyTime now);
  // When take() has something even if nothing comes; nullopt: only then.
  std::optional<base::SteadyTime> next_look() const;

 private:
  struct Waiting {
    LogLine line;
    base::SteadyTime since{};
  };
  struct Source {
    std::deque<Waiting> lines;
    std::size_t bytes = 0;
    bool idle = false;
  };
  bool complete() const;  // no log that goes on is without a line
  std::optional<base::SteadyTime> longest_wait() const;

  std::optional<base::Duration> window_;
  std::vector<Source> sources_;
};

}  // namespace berth::cli
