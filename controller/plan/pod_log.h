#pragma once

#include <optional>

#include "base/result.h"
#include "controller/engine/types.h"
#include "crd/object.h"

// berth starts the same container again, and the engine keeps its whole log: which part of it is which run's. Pure.
namespace berth::plan {

// What was written from `from` on and before `until`; nullopt: from the beginning, to the end.
struct LogSpan {
  std::optional<base::SystemTime> from;
  std::optional<base::SystemTime> until;
};

// When the run of a running container began, for its log; nullopt: it never ran before, the whole log is of this run. That is not its
// started_at: what it writes at once is often a moment older than that.
std::optional<base::SystemTime> run_began(const engine::Container& container);

// Of the run that goes on, or that ended last; `service` is its entry in the environment's status.
LogSpan current_run(const engine::Container& container, const crd::json& service);
// Of the run before it; nullopt when there was none. As long as a container waits to be started again, both are the same: the run
// that ended last.
std::optional<LogSpan> previous_run(const engine::Container& container, const crd::json& service);

}  // namespace berth::plan
