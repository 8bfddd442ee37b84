#pragma once

#include <memory>

#include "api/storage/store.h"

namespace berth::storage {

struct StoreOptions {
  std::size_t history = 4096;                    // changes kept for watches; older `from` is Expired
  std::size_t history_bytes = 2 * 1024 * 1024;  // what these may weigh together; fewer are kept when they are large
  std::size_t watcher_buffer = 4096;            // events a watcher may lag (and four times history_bytes) before it is closed
};

// Keeps everything in memory; nothing survives it.
std::unique_ptr<Store> make_memory_store(Executor executor, StoreOptions options = {});

}  // namespace berth::storage
