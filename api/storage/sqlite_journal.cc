#include "api/storage/sqlite_journal.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "api/storage/sqlite_copy.h"
#include "api/storage/sqlite_files.h"

namespace berth::storage {

namespace {

// Settings of the connection. The lock is taken before WAL mode is entered, so that SQLite needs no shared
// memory file.
constexpr const char* kSettings[] = {
    "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL",           "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -512",        "PRAGMA journal_size_limit = 4194304", "PRAGMA temp_store = MEMORY",
};

}  // namespace

struct SqliteJournal::Statements {
  SqliteStatement begin;
  SqliteStatement insert;
  SqliteStatement erase;
  SqliteStatement compacted;
  SqliteStatement commit;
  SqliteStatement rollback;
};

SqliteJournal::SqliteJournal(Executor executor, std::unique_ptr<SqliteDatabase> database)
    : executor_(std::move(executor)), database_(std::move(database)) {}

SqliteJournal::~SqliteJournal() { thread_.join(); }

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(Executor executor,
                                                           const std::filesystem::path& file) {
  if (auto good = check_files(file); good.has_error()) return good.error();
  for (const auto& leftover : {copy_file_of(file), restore_mark_of(file)}) remove_database(leftover);
  auto database = SqliteDatabase::open(file);
  if (database.has_error()) return database.error();
  for (const char* sql : kSettings) {
    if (auto done = database.value()->execute(sql); done.has_error()) return done.error();
  }
  if (auto done = migrate(*database.value()); done.has_error()) return done.error();
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::move(executor), std::move(database.value())));
  if (auto done = journal->prepare(); done.has_error()) return done.error();
  return journal;
}

Result<void> SqliteJournal::prepare() {
  const auto state = begin_epoch(*database_);
  if (state.has_error()) return state.error();
  opened_ = state.value();
  compacted_ = opened_.compacted;

  auto begin = database_->prepare("BEGIN IMMEDIATE");
  if (begin.has_error()) return begin.error();
  auto insert =
      database_->prepare("INSERT INTO changes (revision, resource, ns, name, body, sum) VALUES (?, ?, ?, ?, ?, ?)");
  if (insert.has_error()) return insert.error();
  auto erase = database_->prepare("DELETE FROM changes WHERE revision = ?");
  if (erase.has_error()) return erase.error();
  auto horizon = database_->prepare("UPDATE state SET compacted = ?, sum = ?");
  if (horizon.has_error()) return horizon.error();
  auto commit = database_->prepare("COMMIT");
  if (commit.has_error()) return commit.error();
  auto rollback = database_->prepare("ROLLBACK");
  if (rollback.has_error()) return rollback.error();
  statements_.reset(new Statements{std::move(begin.value()), std::move(insert.value()),
                                   std::move(erase.value()), std::move(horizon.value()),
                                   std::move(commit.value()), std::move(rollback.value())});
  return {};
}

Result<void> SqliteJournal::read(const std::function<void(JournalChange)>& each) { return read_changes(*database_, each); }

void SqliteJournal::write(JournalBatch batch, Done done) {
  // The guard keeps the loop running until the answer is back.
  auto guard = asio::make_work_guard(executor_);
  asio::post(thread_, [this, batch = std::move(batch), done = std::move(done),
                       guard = std::move(guard)]() mutable {
    auto result = write_transaction(batch);
    asio::post(guard.get_executor(), [done = std::move(done), result = std::move(result)] { done(result); });
  });
}

void SqliteJournal::copy(CopyDone done) {
  auto guard = asio::make_work_guard(executor_);
  asio::post(thread_, [this, done = std::move(done), guard = std::move(guard)]() mutable {
    auto result = make_copy(*database_);
    asio::post(guard.get_executor(), [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  });
}

Result<void> SqliteJournal::write_transaction(const JournalBatch& batch) {
  if (auto begun = statements_->begin.run(); begun.has_error()) return begun.error();
  auto result = write_rows(batch);
  if (result.has_value()) result = statements_->commit.run();
  if (result.has_value()) compacted_ = batch.compacted;
  // Some failures roll back by themselves. One of the rollback itself shows at the next BEGIN.
  if (result.has_error() && database_->in_transaction()) statements_->rollback.run();
  return result;
}

Result<void> SqliteJournal::write_rows(const JournalBatch& batch) {
  auto& insert = statements_->insert;
  for (const auto& change : batch.changes) {
    insert.bind(0, static_cast<std::int64_t>(change.revision));
    insert.bind(1, change.key.resource);
    insert.bind(2, change.key.ns);
    insert.bind(3, change.key.name);
    if (change.body) {
      insert.bind(4, *change.body);
    } else {
      insert.bind_null(4);
    }
    insert.bind(5, sum_of(change));
    if (auto done = insert.run(); done.has_error()) return done.error();
  }
  auto& erase = statements_->erase;
  for (const Revision revision : batch.erase) {
    erase.bind(0, static_cast<std::int64_t>(revision));
    if (auto done = erase.run(); done.has_error()) return done.error();
  }
  const bool nothing = batch.changes.empty() && batch.erase.empty() && batch.compacted == compacted_;
  // A row that stays as it is would not be written, and nothing wrong be found; this always is.
  if (nothing) return database_->execute(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
  if (batch.compacted != compacted_) {
    statements_->compacted.bind(0, static_cast<std::int64_t>(batch.compacted));
    statements_->compacted.bind(1, sum_of(StoreState{batch.compacted, opened_.epoch}));
    if (auto done = statements_->compacted.run(); done.has_error()) return done.error();
  }
  return {};
}

}  // namespace berth::storage
