#include "api/storage/sqlite_schema.h"

#include <zlib.h>

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

// The one at i leads from version i to i + 1.
constexpr Result<void> (*kSteps[kSchemaVersion])(SqliteDatabase&) = {make_tables, add_sums};

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

std::int64_t sum_of(const JournalChange& change) {
  const std::string revision = std::to_string(change.revision);
  auto sum = crc32_z(0, nullptr, 0);
  const auto add = [&](const std::string& text) {  // with its closing zero, which tells where one value ends
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(text.c_str()), text.size() + 1);
  };
  for (const auto* text : {&revision, &change.key.resource, &change.key.ns, &change.key.name}) add(*text);
  if (change.body) add(*change.body);
  return static_cast<std::int64_t>(sum);
}

JournalChange change_in(const SqliteStatement& row) {
  JournalChange change;
  change.revision = static_cast<Revision>(row.integer(0));
  change.key = StoreKey{row.text(1), row.text(2), row.text(3)};
  if (!row.is_null(4)) change.body = std::make_shared<const std::string>(row.text(4));
  return change;
}

}  // namespace berth::storage
