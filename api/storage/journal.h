#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/storage/store.h"

namespace berth::storage {

using crd::Text;

struct JournalChange {
  Revision revision = 0;
  StoreKey key;
  Text body;  // null: a deletion
};

struct JournalBatch {
  std::vector<JournalChange> changes;  // by revision
  std::vector<Revision> erase;  // changes that nobody needs any more: superseded at or before `compacted`
  Revision compacted = 0;       // history up to here is gone
};

// What a store writes through to. Loop thread only.
class Journal {
 public:
  using Done = std::function<void(Result<void>)>;
  virtual ~Journal() = default;
  // Makes the batch durable, all of it or nothing, then calls `done` from the loop, never inside this call.
  // One batch at a time. One without changes is written as well: whoever sends it wants to know whether that works.
  // Errors: DiskPressure, InternalError; the journal can be written again afterwards.
  virtual void write(JournalBatch batch, Done done) = 0;

  using CopyDone = std::function<void(Result<StoreCopy>)>;
  // Copies what the batches before it made, then calls `done` from the loop, never inside this call. Batches wait meanwhile.
  // Errors: DiskPressure, InternalError.
  virtual void copy(CopyDone done) = 0;
};

}  // namespace berth::storage
