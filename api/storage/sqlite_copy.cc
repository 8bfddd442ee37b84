#include "api/storage/sqlite_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "api/storage/sqlite_database.h"
#include "api/storage/sqlite_files.h"
#include "api/storage/sqlite_schema.h"
#include "api/storage/watch_hub.h"
#include "base/file_error.h"
#include "base/file_io.h"

namespace berth::storage {

namespace {

namespace fs = std::filesystem;

struct Facts {
  Revision revision = 0;
  std::uint64_t objects = 0;
};

// Reads it all: what is in a copy is what was written.
Result<Facts> read_through(SqliteDatabase& database) {
  Facts facts;
  std::set<StoreKey> there;
  const auto read = read_changes(database, [&](const JournalChange& change) {
    facts.revision = change.revision;
    if (change.body) {
      there.insert(change.key);
    } else {
      there.erase(change.key);
    }
  });
  if (read.has_error()) return read.error();
  const auto state = read_state_of(database);
  if (state.has_error()) return state.error();
  facts.revision = std::max(facts.revision, state.value().compacted);
  facts.objects = there.size();
  return facts;
}

Result<void> mark_as_copy(SqliteDatabase& database) {
  auto state = read_state_of(database);
  if (state.has_error()) return state.error();
  state.value().epoch = kEpochOfCopy;
  return write_state_of(database, state.value());
}

Result<Facts> fill_copy(SqliteDatabase& database, const fs::path& file) {
  auto target = SqliteDatabase::open(file);  // an empty file, closed to others
  if (target.has_error()) return target.error();
  auto vacuum = database.prepare("VACUUM INTO ?");
  if (vacuum.has_error()) return vacuum.error();
  const std::string name = file.string();
  vacuum->bind(0, name);
  if (auto done = vacuum->run(); done.has_error()) return done.error();
  // Whoever gets it makes it durable.
  if (auto done = target.value()->execute("PRAGMA synchronous = OFF"); done.has_error()) return done.error();
  if (auto done = mark_as_copy(*target.value()); done.has_error()) return done.error();
  return read_through(*target.value());
}

Result<StoreCopy> take_copy(const fs::path& file, const Facts& facts) {
  StoreCopy copy;
  copy.revision = facts.revision;
  copy.objects = facts.objects;
  copy.file = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!copy.file) return base::error(Reason::InternalError, file.string() + ": " + std::strerror(errno));
  std::error_code ec;
  copy.bytes = fs::file_size(file, ec);
  if (ec) return base::error(Reason::InternalError, file.string() + ": " + ec.message());
  return copy;
}

Result<void> check_pages(SqliteDatabase& database) {
  auto check = database.prepare("PRAGMA integrity_check(1)");
  if (check.has_error()) return check.error();
  const auto row = check->step();
  if (row.has_error()) return row.error();
  const auto found = row.value() ? check->text(0) : "nothing";
  if (found != "ok") return database.damage(found);
  return {};
}

// What older versions wrote has no sum of theirs to be checked by.
Result<void> check_objects(SqliteDatabase& database) {
  std::string unreadable;
  const auto read = read_changes(database, [&](const JournalChange& change) {
    if (!change.body) return;
    const auto object = read_stored(change.body, change.revision);
    if (object.has_error()) unreadable = "stored " + change.key.str() + " cannot be read: " + object.error().message;
  });
  if (read.has_error()) return read.error();
  if (!unreadable.empty()) return database.failure(unreadable);
  return {};
}

// Makes `draft` a store of one file: checked, of the present schema, marked as a copy.
Result<Facts> complete_draft(const fs::path& draft) {
  if (auto good = check_files(draft); good.has_error()) return good.error();
  auto opened = SqliteDatabase::open(draft, "another backup may be whole");
  if (opened.has_error()) return opened.error();
  auto& database = *opened.value();
  // The lock comes first, so that a log is read without a shared memory file; leaving WAL mode empties it into the database.
  for (const char* sql : {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = DELETE", "PRAGMA synchronous = FULL"}) {
    if (auto done = database.execute(sql); done.has_error()) return done.error();
  }
  const auto version = database.query_integer("PRAGMA user_version");
  if (version.has_error()) return version.error();
  if (version.value() == 0) return database.failure("is not a store of berthd");
  if (auto good = check_pages(database); good.has_error()) return good.error();
  if (auto done = migrate(database); done.has_error()) return done.error();
  if (auto good = check_objects(database); good.has_error()) return good.error();
  if (auto done = mark_as_copy(database); done.has_error()) return done.error();
  return read_through(database);
}

// People know the file that they gave and the store, not what is made beside it.
Error as_of(const fs::path& known, const fs::path& made, Error error) {
  const auto prefix = made.string();
  if (error.message.starts_with(prefix)) error.message = known.string() + error.message.substr(prefix.size());
  return error;
}

// Of `copy`, beside the store `file`. What cannot be written says so of the store, what is wrong of the copy.
Result<Facts> make_draft(const fs::path& copy, const fs::path& draft, const fs::path& file) {
  std::error_code ec;
  if (auto done = copy_private(copy, draft); done.has_error()) return as_of(file, draft, done.error());
  if (fs::exists(log_file_of(copy), ec)) {
    if (auto done = copy_private(log_file_of(copy), log_file_of(draft)); done.has_error()) return as_of(file, draft, done.error());
  }
  const auto facts = complete_draft(draft);
  if (facts.has_error()) return as_of(facts.error().reason == Reason::DiskPressure ? file : copy, draft, facts.error());
  return facts;
}

// What the store `file` is called from now on. Where a restore was killed between the database and its log, the log goes where the
// database went.
fs::path name_aside(const fs::path& file) {
  std::error_code ec;
  const bool unfinished = !fs::exists(file, ec) && fs::exists(restore_mark_of(file), ec);
  fs::path last;
  fs::path name = file.string() + ".before-restore";
  for (int i = 2; fs::exists(name, ec) || fs::exists(log_file_of(name), ec); ++i) {
    last = std::exchange(name, file.string() + ".before-restore." + std::to_string(i));
  }
  return unfinished && !last.empty() && !fs::exists(log_file_of(last), ec) ? last : name;
}

Result<void> move_files(const fs::path& from, const fs::path& to, std::initializer_list<const char*> ends) {
  std::error_code ec;
  for (const char* end : ends) {
    const fs::path part = from.string() + end;
    if (!fs::exists(part, ec)) continue;
    fs::rename(part, to.string() + end, ec);
    if (ec) return base::error(Reason::InternalError, part.string() + ": cannot be moved: " + ec.message());
  }
  if (!base::sync_directory_of(to)) return base::file_error(to, "its directory cannot be written", errno);
  return {};
}

// A database is never in its place without the log that belongs to it: it goes first and comes last.
Result<void> put_aside(const fs::path& file, const fs::path& aside) { return move_files(file, aside, {"", "-wal", "-journal"}); }
Result<void> put_in_place(const fs::path& from, const fs::path& file) { return move_files(from, file, {"-journal", "-wal", ""}); }

Result<void> set_mark(const fs::path& mark) {
  const UniqueFd made(::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!made || !base::sync_directory_of(mark)) return base::file_error(mark, "cannot be written", errno);
  return {};
}

// Puts `draft` in the place of the store `file`, which becomes `aside`; "" when there is none.
Result<void> exchange_stores(const fs::path& draft, const fs::path& file, const fs::path& aside) {
  const auto mark = restore_mark_of(file);
  auto done = set_mark(mark);
  if (done.has_value() && !aside.empty()) done = put_aside(file, aside);
  if (done.has_value()) done = put_in_place(draft, file);
  if (done.has_error() && !aside.empty()) (void)put_in_place(aside, file);
  std::error_code ec;
  if (fs::exists(file, ec)) fs::remove(mark, ec);
  return done;
}

}  // namespace

Result<StoreCopy> make_copy(SqliteDatabase& database) {
  const auto file = copy_file_of(database.file());
  remove_database(file);
  const auto facts = fill_copy(database, file);
  auto copy = facts.has_value() ? take_copy(file, facts.value()) : Result<StoreCopy>(as_of(database.file(), file, facts.error()));
  remove_database(file);
  return copy;
}

Result<Restored> restore_copy(const fs::path& copy, const fs::path& file, bool replace) {
  std::error_code ec;
  const bool there = fs::exists(file, ec) || fs::exists(log_file_of(file), ec);
  if (there && !replace) return base::error(Reason::AlreadyExists, file.string() + ": there is a store already");
  const auto aside = there ? name_aside(file) : fs::path();
  const auto draft = copy_file_of(file);
  if (fs::equivalent(copy, draft, ec)) {
    return base::error(Reason::InternalError, copy.string() + ": is where a restore works; move it to another place first");
  }
  remove_database(draft);
  const auto facts = make_draft(copy, draft, file);
  const auto done = facts.has_value() ? exchange_stores(draft, file, aside) : Result<void>(facts.error());
  remove_database(draft);
  if (done.has_error()) return done.error();
  return Restored{facts.value().revision, facts.value().objects, aside};
}

}  // namespace berth::storage
