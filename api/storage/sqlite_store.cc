#include "api/storage/sqlite_store.h"

#include "api/storage/journaled_store.h"
#include "api/storage/sqlite_journal.h"

namespace berth::storage {

Result<std::unique_ptr<Store>> open_sqlite_store(Executor executor, const std::filesystem::path& file,
                                                 StoreOptions options) {
  auto opened = SqliteJournal::open(executor, file);
  if (opened.has_error()) return opened.error();
  auto& journal = *opened.value();
  const Revision compacted = journal.compacted();
  const auto epoch = journal.epoch();
  auto store = std::make_unique<JournaledStore>(std::move(executor), options, std::move(opened.value()));
  const auto read =
      journal.read([&store, compacted](JournalChange change) { store->load(std::move(change), compacted); });
  if (read.has_error()) return read.error();
  if (auto loaded = store->finish_load(compacted, epoch); loaded.has_error()) {
    return base::error(loaded.error().reason, file.string() + ": " + loaded.error().message);
  }
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace berth::storage
