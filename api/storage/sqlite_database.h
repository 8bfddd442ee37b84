#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace berth::storage {

class SqliteDatabase;

// A prepared statement. Bind, then step() until it says false; reset() before the next use. Columns and
// parameters count from 0.
class SqliteStatement {
 public:
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, std::string_view text);  // must outlive the next reset()
  void bind_null(int parameter);
  // True: a row is there. False: the statement is done.
  Result<bool> step();
  // Runs to the end, whatever rows come, and resets.
  Result<void> run();
  void reset();
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteStatement(SqliteDatabase& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}
  SqliteDatabase* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_code_ = 0;  // the first failed bind; the next step() reports it
};

// One connection; used by one thread at a time. Errors: DiskPressure when the disk is full, else
// InternalError; both with the file and SQLite's text.
class SqliteDatabase {
 public:
  static constexpr const char* kRestoreIt = "berthctl restore puts a backup in its place";
  // Creates the file with mode 0600 when it is missing; takes group and world access away from one that is
  // there.
  // `remedy` is what the errors of damage() advise.
  // Errors besides: InternalError when it may only be read.
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::filesystem::path& file, std::string remedy = kRestoreIt);
  const std::filesystem::path& file() const { return file_; }

  Result<void> execute(const char* sql);
  Result<SqliteStatement> prepare(const char* sql);
  // The first column of the first row.
  Result<std::int64_t> query_integer(const char* sql);
  bool in_transaction() const;
  Error failure(int code) const;
  Error failure(const std::string& what) const;
  // The same, and what helps: what is on the disk is not what was written.
  Error damage(const std::string& what) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  SqliteDatabase(std::filesystem::path file, std::string remedy) : file_(std::move(file)), remedy_(std::move(remedy)) {}
  std::filesystem::path file_;
  std::string remedy_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace berth::storage
