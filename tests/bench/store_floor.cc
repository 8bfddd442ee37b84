// What the store costs beside SQLite itself: the objects in a file that berthd wrote, committed again through the store by many clients at
// once, and inserted straight into SQLite in groups of as many; both durable. Prints one line of JSON.
//   bench_store --rows berth.db --clients 64 --dir DIR
// REQUIRES: no berthd uses the file; DIR is there.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "api/storage/sqlite_schema.h"
#include "api/storage/sqlite_store.h"
#include "base/task_group.h"

namespace {

using namespace berth;
using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

template <class T>
T must(Result<T> result) {
  if (result.has_value()) return std::move(result.value());
  std::fprintf(stderr, "bench_store: %s\n", result.error().message.c_str());
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result.has_value()) return;
  std::fprintf(stderr, "bench_store: %s\n", result.error().message.c_str());
  std::exit(1);
}

std::vector<storage::JournalChange> rows_of(const std::filesystem::path& file) {
  auto database = must(storage::SqliteDatabase::open(file));
  auto select = must(database->prepare("SELECT max(revision), resource, ns, name, body FROM changes GROUP BY resource, ns, name HAVING body IS NOT NULL"));
  std::vector<storage::JournalChange> rows;
  while (must(select.step())) rows.push_back(storage::change_in(select));
  return rows;
}

double through_sqlite(const std::vector<storage::JournalChange>& rows, std::size_t group, const std::filesystem::path& file) {
  auto database = must(storage::SqliteDatabase::open(file));
  for (const char* sql : {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"}) must(database->execute(sql));
  must(storage::migrate(*database));
  auto insert = must(database->prepare("INSERT INTO changes (revision, resource, ns, name, body, sum) VALUES (?, ?, ?, ?, ?, 0)"));
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < rows.size();) {
    must(database->execute("BEGIN IMMEDIATE"));
    for (std::size_t in_group = 0; in_group < group && i < rows.size(); ++in_group, ++i) {
      const auto& row = rows[i];
      insert.bind(0, static_cast<std::int64_t>(i + 1));
      insert.bind(1, row.key.resource);
      insert.bind(2, row.key.ns);
      insert.bind(3, row.key.name);
      insert.bind(4, *row.body);
      must(insert.run());
    }
    must(database->execute("COMMIT"));
  }
  return static_cast<double>(rows.size()) / seconds_since(begin);
}

struct Work {
  storage::Store& store;
  std::vector<storage::Write> writes;
  std::size_t next = 0;
};

Task<void> client(Work& work) {
  while (work.next < work.writes.size()) {
    auto& write = work.writes[work.next++];
    must(co_await work.store.commit(std::move(write)));
  }
}

Task<int> all_clients(Work& work, Executor executor, int clients) {
  TaskGroup group(executor, "clients");
  for (int i = 0; i < clients; ++i) group.spawn("client", client(work));
  co_await group.join();
  co_return 0;
}

double through_store(const std::vector<storage::JournalChange>& rows, int clients, const std::filesystem::path& file) {
  asio::io_context io;
  const auto store = must(storage::open_sqlite_store(io.get_executor(), file, {}));
  Work work{*store, {}};
  for (const auto& row : rows) work.writes.push_back({row.key, must(Object::from_text(row.body))->body(), storage::Revision{0}});
  const auto begin = Clock::now();
  base::run_main(io, all_clients(work, io.get_executor(), clients));
  return static_cast<double>(rows.size()) / seconds_since(begin);
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path rows_file, directory;
  int clients = 64;
  CLI::App app{"The store beside SQLite itself"};
  app.add_option("--rows", rows_file)->required();
  app.add_option("--dir", directory)->required();
  app.add_option("--clients", clients);
  CLI11_PARSE(app, argc, argv);
  const auto rows = rows_of(rows_file);
  const double floor = through_sqlite(rows, static_cast<std::size_t>(clients), directory / "floor.db");
  const double store = through_store(rows, clients, directory / "store.db");
  std::printf("{\"rows\":%zu,\"store_per_s\":%.0f,\"sqlite_per_s\":%.0f,\"ratio\":%.2f}\n", rows.size(), store, floor, store / floor);
}
