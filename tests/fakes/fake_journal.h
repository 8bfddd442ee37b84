#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/storage/journal.h"
#include "api/storage/journaled_store.h"

namespace berth::fakes {

// What a FakeJournal wrote, and how it behaves. Outlives the store, as a disk outlives a process.
struct FakeDisk {
  std::map<storage::Revision, storage::JournalChange> rows;
  storage::Revision compacted = 0;
  std::vector<storage::JournalBatch> batches;  // every write() so far, failed ones too
  std::optional<Error> failure;                // set: every batch fails with it
  bool hold = false;                           // set: batches wait for release()
  std::function<void()> held;

  // Completes the batch that waits. False when there is none.
  bool release() {
    if (!held) return false;
    std::exchange(held, nullptr)();
    return true;
  }
};

class FakeJournal final : public storage::Journal {
 public:
  FakeJournal(Executor executor, std::shared_ptr<FakeDisk> disk)
      : executor_(std::move(executor)), disk_(std::move(disk)) {}

  void write(storage::JournalBatch batch, Done done) override {
    disk_->batches.push_back(batch);
    auto complete = [disk = disk_, batch = std::move(batch), done = std::move(done)] {
      if (disk->failure) {
        done(*disk->failure);
        return;
      }
      for (const auto& change : batch.changes) disk->rows.emplace(change.revision, change);
      for (const auto revision : batch.erase) disk->rows.erase(revision);
      disk->compacted = batch.compacted;
      done({});
    };
    if (disk_->hold) {
      disk_->held = std::move(complete);
    } else {
      asio::post(executor_, std::move(complete));
    }
  }
  // An empty file, and what would be in it.
  void copy(CopyDone done) override {
    asio::post(executor_, [disk = disk_, done = std::move(done)] {
      if (disk->failure) {
        done(*disk->failure);
        return;
      }
      storage::StoreCopy copy;
      copy.revision = disk->rows.empty() ? disk->compacted : disk->rows.rbegin()->first;
      copy.objects = disk->rows.size();
      done(std::move(copy));
    });
  }

 private:
  Executor executor_;
  std::shared_ptr<FakeDisk> disk_;
};

// The store as it starts from what is on `disk`.
inline std::unique_ptr<storage::Store> open_fake_store(Executor executor, std::shared_ptr<FakeDisk> disk,
                                                       storage::StoreOptions options = {}) {
  auto journal = std::make_unique<FakeJournal>(executor, disk);
  auto store = std::make_unique<storage::JournaledStore>(std::move(executor), options, std::move(journal));
  for (const auto& [revision, change] : disk->rows) store->load(change, disk->compacted);
  store->finish_load(disk->compacted).value();
  return store;
}

}  // namespace berth::fakes
