#pragma once

#include <deque>
#include <memory>

#include "api/http/client.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "controller/engine/engine.h"

namespace berth::engine {

// Reads /events into memory as fast as they come, whatever its consumer does. A consumer that is more than
// kMost events behind loses the stream: it lists again anyway. Loop thread only.
class EventReader : public std::enable_shared_from_this<EventReader> {
 public:
  static constexpr std::size_t kMost = 100000;

  explicit EventReader(Executor executor);
  void start(std::unique_ptr<http::ClientStream> stream);
  // Ends reading; next() answers what was read, then EngineUnavailable.
  void cancel() { tasks_.cancel(); }
  Task<void> stop();
  bool ended() const { return tasks_.size() == 0; }
  Task<Result<Event>> next();

 private:
  Task<void> read(std::unique_ptr<http::ClientStream> stream);
  Task<std::string> read_to_end(http::ClientStream& stream);  // why it ended

  std::deque<Event> events_;
  bool open_ = true;
  std::string end_;
  base::Signal changed_;
  TaskGroup tasks_;
};

// Cancels the reader when it is destroyed.
std::unique_ptr<EventStream> make_event_stream(std::shared_ptr<EventReader> reader);

}  // namespace berth::engine
