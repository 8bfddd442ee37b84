#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "controller/engine/types.h"
#include "crd/pattern.h"

namespace berth::reconcile {

// Looks for a pattern in the lines that a container wrote at `from` or later. Expects log chunks with the engine's time in front of
// each line. Of a longer line only the first 4 kB are searched. Pure.
class LogMatch {
 public:
  // REQUIRES: `pattern` passed the rules of the kind. One that does not compile matches nothing.
  LogMatch(const std::string& pattern, std::optional<base::SystemTime> from);
  // True when a line that is complete now matches.
  bool feed(const engine::LogChunk& chunk);
  // Forgets half lines: the log is read again from its start.
  void restart() { rest_.clear(); }

 private:
  bool matches(std::string_view line) const;

  std::optional<crd::Pattern> pattern_;
  std::optional<base::SystemTime> from_;
  std::map<int, std::string> rest_;  // by stream
};

}  // namespace berth::reconcile
