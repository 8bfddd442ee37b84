#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>

#include "api/client/client.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::runtime {

// Tells people what happened, as core/v1 Events in the namespace of the object. emit() never waits: a writer of its own stores
// them in batches. The same thing said again about the same object within an hour raises `count` of one Event. Loop thread only.
class EventRecorder {
 public:
  static constexpr std::size_t kPendingLimit = 1024;  // above: the event is dropped, counted and only logged
  static constexpr base::Duration kKeep = std::chrono::hours(1);

  EventRecorder(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& events,
                std::string component = "berthd");
  void start();
  // Writes what is pending (for one second at most), then stops.
  Task<void> stop();

  // `about` null: only logged. Messages are for people and hold no secret.
  void emit(const ObjectPtr& about, bool warning, std::string reason, std::string message);
  std::uint64_t dropped() const { return dropped_; }

 private:
  // What makes two events the same one.
  struct Identity {
    std::string uid;
    std::string reason;
    std::string message;
    bool warning = false;
    auto operator<=>(const Identity&) const = default;
  };
  struct Entry {
    ObjectKey key;  // of the Event object
    json involved;
    int count = 0;
    int written = 0;  // the count that is stored
    bool pending = false;
    base::SystemTime first{};
    base::SystemTime last{};
  };

  Task<void> write_loop();
  Task<void> write(Identity identity);
  Task<Result<void>> store(const Identity& identity, Entry entry);
  void forget_old();
  json body(const Identity& identity, const Entry& entry) const;

  base::Clock& clock_;
  api::Client& client_;
  const crd::ResourceInfo& resource_;
  std::string component_;
  std::map<Identity, Entry> entries_;
  std::deque<Identity> pending_;
  std::uint64_t dropped_ = 0;
  std::uint64_t names_ = 0;
  base::Signal changed_;
  TaskGroup writes_;
  TaskGroup tasks_;
};

}  // namespace berth::runtime
