#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "api/storage/sqlite_database.h"
#include "api/storage/sqlite_store.h"
#include "tests/fakes/scratch_directory.h"
#include "tests/unit/api/storage/store_helpers.h"

namespace berth::storage {

// A directory of the test's own that goes with it.
struct SqliteFixture : testing::Test {
  fakes::ScratchDirectory scratch;
  std::filesystem::path directory = scratch.path();
  std::filesystem::path file = directory / "berth.db";
  asio::io_context io;

  std::unique_ptr<Store> open(StoreOptions options = {}) {
    return open_sqlite_store(io.get_executor(), file, options).value();
  }
  Error open_error() {
    auto opened = open_sqlite_store(io.get_executor(), file, {});
    EXPECT_TRUE(opened.has_error());
    return opened.has_error() ? opened.error() : Error{};
  }
  ObjectPtr commit(Store& store, Write write) { return fakes::run_task(io, store.commit(std::move(write))).value(); }
  void close(std::unique_ptr<Store>& store) {
    fakes::run_task(io, store->stop());
    store.reset();
  }
  std::int64_t rows() {
    return SqliteDatabase::open(file).value()->query_integer("SELECT count(*) FROM changes").value();
  }
};

}  // namespace berth::storage
