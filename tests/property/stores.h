#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "api/storage/memory_store.h"
#include "api/storage/sqlite_store.h"
#include "tests/fakes/fake_journal.h"
#include "tests/fakes/scratch_directory.h"

// The implementations of Store, as the properties are tried over each of them: what outlives a process, and how it is opened.
namespace berth::storage {

struct Memory {
  static constexpr bool kDurable = false;
  static constexpr bool kCrashes = false;
  std::unique_ptr<Store> open(asio::io_context& io, StoreOptions options) {
    return make_memory_store(io.get_executor(), options);
  }
};

// A disk whose batches can be held, and lost with the process.
struct Journaled {
  static constexpr bool kDurable = true;
  static constexpr bool kCrashes = true;
  std::shared_ptr<fakes::FakeDisk> disk = std::make_shared<fakes::FakeDisk>();
  std::unique_ptr<Store> open(asio::io_context& io, StoreOptions options) {
    return fakes::open_fake_store(io.get_executor(), disk, options);
  }
  // What the next process finds: all that was written, nothing that was on its way. Returns the disk of the one that dies.
  std::shared_ptr<fakes::FakeDisk> crash() {
    auto left = std::make_shared<fakes::FakeDisk>();
    left->rows = disk->rows;
    left->compacted = disk->compacted;
    left->hold = disk->hold;
    return std::exchange(disk, std::move(left));
  }
};

struct Sqlite {
  static constexpr bool kDurable = true;
  static constexpr bool kCrashes = false;
  // In memory where that exists: hundreds of stores, each of whose commits would wait for the disk.
  fakes::ScratchDirectory directory{std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm")
                                                                              : std::filesystem::temp_directory_path()};
  std::unique_ptr<Store> open(asio::io_context& io, StoreOptions options) {
    return open_sqlite_store(io.get_executor(), directory / "berth.db", options).value();
  }
};

}  // namespace berth::storage
