#include "api/storage/memory_store.h"

#include "api/storage/journaled_store.h"

namespace berth::storage {

std::unique_ptr<Store> make_memory_store(Executor executor, StoreOptions options) {
  return std::make_unique<JournaledStore>(std::move(executor), options, nullptr);
}

}  // namespace berth::storage
