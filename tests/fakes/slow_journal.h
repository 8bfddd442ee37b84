#pragma once

#include <memory>
#include <random>

#include "api/storage/journaled_store.h"
#include "base/clock.h"
#include "base/task_group.h"

namespace berth::fakes {

// A disk whose batches take a while of the clock's time, and may fail. Nothing is kept: it outlives no store.
struct SlowDisk {
  std::mt19937 random{1};
  int slowest_ms = 60;   // a batch takes 1 to this many
  int fails_one_in = 0;  // 0: none
};

class SlowJournal final : public storage::Journal {
 public:
  SlowJournal(Executor executor, base::Clock& clock, std::shared_ptr<SlowDisk> disk)
      : clock_(clock), disk_(std::move(disk)), tasks_(std::move(executor), "slow journal") {}

  void write(storage::JournalBatch, Done done) override { tasks_.spawn("write", complete(clock_, disk_, std::move(done))); }
  void copy(CopyDone done) override { tasks_.spawn("copy", refuse(std::move(done))); }

 private:
  static Task<void> refuse(CopyDone done) {
    done(base::error(Reason::InternalError, "a slow disk copies nothing"));
    co_return;
  }
  static Task<void> complete(base::Clock& clock, std::shared_ptr<SlowDisk> disk, Done done) {
    const auto takes = std::chrono::milliseconds(1 + static_cast<int>(disk->random() % disk->slowest_ms));
    co_await clock.sleep_for(takes);
    const bool fails = disk->fails_one_in > 0 && disk->random() % disk->fails_one_in == 0;
    if (fails) {
      done(base::error(Reason::InternalError, "disk trouble"));
    } else {
      done({});
    }
  }

  base::Clock& clock_;
  std::shared_ptr<SlowDisk> disk_;
  TaskGroup tasks_;
};

inline std::unique_ptr<storage::Store> make_slow_store(Executor executor, base::Clock& clock, std::shared_ptr<SlowDisk> disk) {
  auto journal = std::make_unique<SlowJournal>(executor, clock, std::move(disk));
  auto store = std::make_unique<storage::JournaledStore>(std::move(executor), storage::StoreOptions{}, std::move(journal));
  store->finish_load(0).value();
  return store;
}

}  // namespace berth::fakes
