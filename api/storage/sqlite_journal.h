#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "api/storage/journal.h"
#include "api/storage/sqlite_database.h"
#include "api/storage/sqlite_schema.h"

namespace berth::storage {

// The journal in a SQLite file: one row for each change, appended; a superseded one is erased once nobody can
// watch it any more. WAL with synchronous=FULL: a transaction that ended survives power loss. The file is
// locked for one process.
class SqliteJournal final : public Journal {
 public:
  // Opens or creates. Errors: InternalError (not a store, newer schema, locked, not readable), DiskPressure.
  static Result<std::unique_ptr<SqliteJournal>> open(Executor executor, const std::filesystem::path& file);
  ~SqliteJournal() override;  // waits for the running batch

  // Every change that is kept, by rising revision. Before the first write; in the calling thread.
  Result<void> read(const std::function<void(JournalChange)>& each);
  // As it was when the journal was opened.
  Revision compacted() const { return opened_.compacted; }
  std::uint64_t epoch() const { return static_cast<std::uint64_t>(opened_.epoch); }

  void write(JournalBatch batch, Done done) override;
  void copy(CopyDone done) override;

 private:
  struct Statements;
  SqliteJournal(Executor executor, std::unique_ptr<SqliteDatabase> database);
  Result<void> prepare();
  Result<void> write_transaction(const JournalBatch& batch);
  Result<void> write_rows(const JournalBatch& batch);

  Executor executor_;
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<Statements> statements_;
  StoreState opened_;
  Revision compacted_ = 0;       // of the writing thread
  asio::thread_pool thread_{1};  // all writing happens here
};

}  // namespace berth::storage
