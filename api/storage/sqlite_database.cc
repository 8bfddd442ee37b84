#include "api/storage/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file_io.h"

namespace berth::storage {

namespace {

// 0, or errno.
int make_private_file(const std::filesystem::path& file) {
  const int created = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (created >= 0) {
    ::close(created);
    (void)base::sync_directory_of(file);
    return 0;
  }
  if (errno != EEXIST) return errno;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return errno;
  if ((info.st_mode & 077) != 0 && ::chmod(file.c_str(), info.st_mode & 0700) != 0) return errno;
  return 0;
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void SqliteDatabase::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

void SqliteStatement::bind(int parameter, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), parameter + 1, value);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void SqliteStatement::bind(int parameter, std::string_view text) {
  // An empty view may hold a null pointer, which SQLite would read as NULL.
  const char* data = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(statement_.get(), parameter + 1, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void SqliteStatement::bind_null(int parameter) {
  const int code = sqlite3_bind_null(statement_.get(), parameter + 1);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

Result<bool> SqliteStatement::step() {
  const int code = bind_code_ != SQLITE_OK ? bind_code_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->failure(code);
}

Result<void> SqliteStatement::run() {
  while (true) {
    const auto row = step();
    if (row.has_error() || !row.value()) {
      reset();
      if (row.has_error()) return row.error();
      return {};
    }
  }
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());  // repeats the code of the step before it
  bind_code_ = sqlite3_clear_bindings(statement_.get());
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string SqliteStatement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (!data) return "";
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::filesystem::path& file, std::string remedy) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(file, std::move(remedy)));
  if (const int error = make_private_file(file); error != 0) return database->failure(std::strerror(error));
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  database->connection_.reset(connection);
  if (code != SQLITE_OK) return database->failure(code);
  // SQLite opens what it may not write for reading, without a word.
  if (sqlite3_db_readonly(connection, "main") == 1) return database->failure("is read-only: berthd must be able to write it");
  return database;
}

Result<void> SqliteDatabase::execute(const char* sql) {
  auto statement = prepare(sql);
  if (statement.has_error()) return statement.error();
  return statement->run();
}

Result<SqliteStatement> SqliteDatabase::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return SqliteStatement(*this, statement);
}

Result<std::int64_t> SqliteDatabase::query_integer(const char* sql) {
  auto statement = prepare(sql);
  if (statement.has_error()) return statement.error();
  const auto row = statement->step();
  if (row.has_error()) return row.error();
  return row.value() ? statement->integer(0) : std::int64_t{0};
}

bool SqliteDatabase::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

Error SqliteDatabase::failure(int code) const {
  const int primary = code & 0xff;
  const int cause = primary == SQLITE_IOERR && connection_ ? sqlite3_system_errno(connection_.get()) : 0;
  const bool full = primary == SQLITE_FULL || cause == ENOSPC || cause == EDQUOT;
  std::string what = connection_ ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code);
  if (primary == SQLITE_BUSY) what += " (is another berthd using it?)";
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return damage(what);
  if (cause != 0) what += std::string(" (") + std::strerror(cause) + ")";
  auto error = failure(what);
  if (full) error.reason = Reason::DiskPressure;
  return error;
}

Error SqliteDatabase::damage(const std::string& what) const {
  return failure(what + "; the file is damaged, " + remedy_);
}

Error SqliteDatabase::failure(const std::string& what) const {
  return base::error(Reason::InternalError, file_.string() + ": " + what);
}

}  // namespace berth::storage
