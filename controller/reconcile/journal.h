#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "controller/reconcile/owner.h"
#include "crd/object.h"

namespace berth::reconcile {

// One thing that berth did for an environment, or that happened to it.
struct JournalEntry {
  std::uint64_t id = 0;
  base::SystemTime at{};                 // of the last time, when it was the same several times
  std::int64_t generation = 0;
  std::string cause;                     // Created | Changed | Deleted | Healing | EngineEvent | ...
  std::string action;                    // "CreateContainer"; "" for what only happened
  std::string target;                    // "service/redis"
  std::string reason;                    // why, in words
  std::optional<base::Duration> took;    // nullopt: it goes on, or was no call
  std::string answer;                    // "" = goes on, "ok", or the reason of the failure
  std::string message;                   // of the failure, as the engine said it
  int times = 1;
};

struct JournalOptions {
  std::size_t entries = 200;                    // of one environment
  std::size_t bytes = 32 * 1024;                // of one environment
  std::size_t total_bytes = 16 * 1024 * 1024;   // of all; beyond, each keeps its share
  base::Duration kept = std::chrono::hours(1);  // after an environment is gone
};

// What berth did, when and why, for people who ask. In memory only, and bounded: an environment has the newest of its entries, a failure
// that repeats is one entry. With 1,000 environments each has 16 KiB, which are about 60 entries. Loop thread only.
class Journal {
 public:
  explicit Journal(base::Clock& clock) : Journal(clock, JournalOptions()) {}
  Journal(base::Clock& clock, JournalOptions options) : clock_(clock), options_(options) {}

  // Something happened. Secrets in the text, as far as the spec of `object` tells them, are masked.
  void note(const ObjectPtr& object, std::string cause, std::string reason);
  // An action begins; the result is for end().
  std::uint64_t begin(const ObjectPtr& object, JournalEntry entry);
  void end(const ObjectPtr& object, std::uint64_t id, const std::optional<Error>& failure);
  // The environment is gone: what is known of it is forgotten an hour later.
  void gone(const ObjectPtr& object);

  // {"environments": [{"uid", "gone", "entries": [...]}]}, those of this name, the oldest first. Errors: NotFound.
  Result<json> tell(const ObjectKey& environment);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Page {
    ObjectKey key;
    std::uint64_t number = 0;  // in the order of their beginning
    std::deque<JournalEntry> entries;
    std::size_t bytes = 0;
    std::size_t dropped = 0;  // entries that had to go
    std::optional<base::SteadyTime> gone;
  };

  Page& page_of(const ObjectPtr& object);
  void add(Page& page, JournalEntry entry);
  void merge_repeated(Page& page, std::size_t index);
  void trim(Page& page, std::size_t limit);
  std::size_t share() const;
  void make_room();
  void forget_old();
  void forget_first();
  static std::size_t size_of(const JournalEntry& entry);

  base::Clock& clock_;
  const JournalOptions options_;
  std::map<std::string, Page> pages_;  // by uid
  std::deque<std::pair<base::SteadyTime, std::string>> leaving_;  // uids of what is gone, in order
  std::size_t bytes_ = 0;
  std::uint64_t next_id_ = 1;
  std::uint64_t next_page_ = 1;
};

}  // namespace berth::reconcile
