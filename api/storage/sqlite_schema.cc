#include "api/storage/sqlite_schema.h"

#include <zlib.h>

#include <algorithm>

namespace berth::storage {

namespace {

Result<void> execute_all(SqliteDatabase& database, std::initializer_list<const char*> commands) {
  for (const char* sql : commands) {
    if (auto done = database.execute(sql); done.has_error()) return done.error();
  }
  return {};
}

// body is NULL for a deletion. state has one row: history up to `compacted` is gone.
Result<void> make_tables(SqliteDatabase& database) {
  return execute_all(database, {("CREATE TABLE changes (revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, ns TEXT NOT NULL, "
                                 "name TEXT NOT NULL, body TEXT)"),
                                "CREATE TABLE state (compacted INTEGER NOT NULL)", "INSERT INTO state (compacted) VALUES (0)"});
}

Result<void> add_sums(SqliteDatabase& database) {
  if (auto done = database.execute("ALTER TABLE changes ADD COLUMN sum INTEGER NOT NULL DEFAULT 0"); done.has_error()) return done;
  auto next = database.prepare("SELECT revision, resource, ns, name, body FROM changes WHERE revision > ? ORDER BY revision LIMIT 1");
  if (next.has_error()) return next.error();
  auto update = database.prepare("UPDATE changes SET sum = ? WHERE revision = ?");
  if (update.has_error()) return update.error();
  Revision done_to = 0;
  while (true) {
    next->bind(0, static_cast<std::int64_t>(done_to));
    const auto row = next->step();
    if (row.has_error()) return row.error();
    if (!row.value()) return {};
    const auto change = change_in(next.value());
    next->reset();
    done_to = change.revision;
    if (change.body && !json::accept(*change.body)) {
      return database.failure("stored " + change.key.str() + " cannot be read: it is no JSON");
    }
    update->bind(0, sum_of(change));
    update->bind(1, static_cast<std::int64_t>(change.revision));
    if (auto done = update->run(); done.has_error()) return done.error();
  }
}

Result<void> add_epoch(SqliteDatabase& database) {
  auto done = execute_all(database, {"ALTER TABLE state ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
                                     "ALTER TABLE state ADD COLUMN sum INTEGER NOT NULL DEFAULT 0"});
  if (done.has_error()) return done;
  const auto compacted = database.query_integer("SELECT compacted FROM state");
  if (compacted.has_error()) return compacted.error();
  return write_state_of(database, {static_cast<Revision>(compacted.value()), 0});
}

// One sum over several values, each with its closing zero, which tells where it ends.
class RowSum {
 public:
  void add(const std::string& text) { sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(text.c_str()), text.size() + 1); }
  std::int64_t value() const { return static_cast<std::int64_t>(sum_); }

 private:
  uLong sum_ = crc32_z(0, nullptr, 0);
};

// SQLite's clock knows milliseconds.
Result<Revision> revision_ahead_of(SqliteDatabase& database, Revision compacted) {
  const auto newest = database.query_integer("SELECT coalesce(max(revision), 0) FROM changes");
  if (newest.has_error()) return newest.error();
  const auto now = database.query_integer("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000");
  if (now.has_error()) return now.error();
  const Revision least = std::max(compacted, static_cast<Revision>(newest.value())) + kRevisionLeap;
  return std::max(least, static_cast<Revision>(now.value()));
}

// The one at i leads from version i to i + 1.
constexpr Result<void> (*kSteps[kSchemaVersion])(SqliteDatabase&) = {make_tables, add_sums, add_epoch};

Result<void> take_step(SqliteDatabase& database, std::int64_t from) {
  if (auto begun = database.execute("BEGIN EXCLUSIVE"); begun.has_error()) return begun;
  auto result = kSteps[from](database);
  if (result.has_value()) result = database.execute(("PRAGMA user_version = " + std::to_string(from + 1)).c_str());
  if (result.has_value()) result = database.execute("COMMIT");
  if (result.has_error() && database.in_transaction()) (void)database.execute("ROLLBACK");
  return result;
}

}  // namespace

Result<void> migrate(SqliteDatabase& database) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (version.has_error()) return version.error();
  if (version.value() > kSchemaVersion || version.value() < 0) {
    return database.failure("schema version " + std::to_string(version.value()) + " is newer than version " +
                            std::to_string(kSchemaVersion) + ", which this berthd knows: start the berthd that wrote it, or a newer one");
  }
  if (version.value() == 0) {
    const auto tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
    if (tables.has_error()) return tables.error();
    if (tables.value() != 0) return database.failure("is a database, but not one of berthd");
  }
  for (auto from = version.value(); from < kSchemaVersion; ++from) {
    if (auto done = take_step(database, from); done.has_error()) return done;
  }
  return {};
}

Result<StoreState> read_state_of(SqliteDatabase& database) {
  auto select = database.prepare("SELECT compacted, epoch, sum, count(*) FROM state");
  if (select.has_error()) return select.error();
  const auto row = select->step();
  if (row.has_error()) return row.error();
  const StoreState state{static_cast<Revision>(select->integer(0)), select->integer(1)};
  const bool one = row.value() && select->integer(3) == 1;
  if (!one || select->integer(2) != sum_of(state)) return database.damage("its state is not what was written");
  return state;
}

Result<void> write_state_of(SqliteDatabase& database, const StoreState& state) {
  auto update = database.prepare("UPDATE state SET compacted = ?, epoch = ?, sum = ?");
  if (update.has_error()) return update.error();
  update->bind(0, static_cast<std::int64_t>(state.compacted));
  update->bind(1, state.epoch);
  update->bind(2, sum_of(state));
  return update->run();
}

std::int64_t sum_of(const StoreState& state) {
  RowSum sum;
  sum.add(std::to_string(state.compacted));
  sum.add(std::to_string(state.epoch));
  return sum.value();
}

Result<StoreState> begin_epoch(SqliteDatabase& database) {
  auto state = read_state_of(database);
  if (state.has_error() || state.value().epoch > 0) return state;
  if (state.value().epoch == kEpochOfCopy) {
    const auto ahead = revision_ahead_of(database, state.value().compacted);
    if (ahead.has_error()) return ahead.error();
    state.value().compacted = ahead.value();
  }
  const auto random = database.query_integer("SELECT random()");
  if (random.has_error()) return random.error();
  // Odd, so never 0, and few enough bits for every reader of JSON.
  state.value().epoch = (random.value() & 0x1fffffffffffff) | 1;
  if (auto done = write_state_of(database, state.value()); done.has_error()) return done.error();
  return state;
}

Result<void> read_changes(SqliteDatabase& database, const std::function<void(JournalChange)>& each) {
  auto select = database.prepare("SELECT revision, resource, ns, name, body, sum FROM changes ORDER BY revision");
  if (select.has_error()) return select.error();
  Revision last = 0;
  while (true) {
    const auto row = select->step();
    if (row.has_error()) return row.error();
    if (!row.value()) return {};
    auto change = change_in(select.value());
    const auto named = "stored " + change.key.str() + " (revision " + std::to_string(change.revision) + ") ";
    if (select->integer(5) != sum_of(change)) return database.damage(named + "is not what was written");
    if (change.revision <= last) return database.damage(named + "comes after revision " + std::to_string(last));
    last = change.revision;
    each(std::move(change));
  }
}

std::int64_t sum_of(const JournalChange& change) {
  RowSum sum;
  sum.add(std::to_string(change.revision));
  for (const auto* text : {&change.key.resource, &change.key.ns, &change.key.name}) sum.add(*text);
  if (change.body) sum.add(*change.body);
  return sum.value();
}

JournalChange change_in(const SqliteStatement& row) {
  JournalChange change;
  change.revision = static_cast<Revision>(row.integer(0));
  change.key = StoreKey{row.text(1), row.text(2), row.text(3)};
  if (!row.is_null(4)) change.body = std::make_shared<const std::string>(row.text(4));
  return change;
}

}  // namespace berth::storage
