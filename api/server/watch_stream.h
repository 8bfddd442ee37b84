#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/server/reply.h"
#include "api/server/watch_encoder.h"
#include "base/clock.h"
#include "base/turns.h"

namespace berth::api {

// How often one watch may write: a burst goes through, then the changes of 20 ms go together, so that many watchers of many
// changes leave the loop time for others. Pure.
class WatchPace {
 public:
  // Counts a write; when the next one may come.
  base::SteadyTime written(base::SteadyTime now);

 private:
  base::SteadyTime paid_until_{};
};

// One watch, from its first answer to its end: the client leaves, the time is over, the server stops, or history is gone (an ERROR
// event with a Status, then the end).
struct WatchRequest {
  storage::Store& store;
  base::Clock& clock;
  base::Turns& turns;  // one for each write
  const crd::ResourceInfo& resource;
  std::string ns;
  ListOptions options;
  base::Duration timeout{};
  base::Duration bookmark_interval{};  // where options.bookmarks allows them
};

// Starts the stream itself, at once. Loop thread only; the references outlive it. Cancelled: throws operation_aborted.
Task<void> serve_watch(WatchRequest watch, WatchEncoder encoder, Reply& reply);

}  // namespace berth::api
