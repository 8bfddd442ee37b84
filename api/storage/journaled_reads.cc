// What a JournaledStore shows: the state now, the state at a kept revision, and the changes.
#include <algorithm>

#include "api/storage/journaled_store.h"

namespace berth::storage {

ObjectPtr JournaledStore::get(const StoreKey& key) const {
  const auto found = state_.find(key);
  return found == state_.end() ? nullptr : found->second.object.get();
}

ListResult JournaledStore::list(const std::string& resource, const std::string& ns) const {
  ListResult result;
  result.revision = published_;
  for (auto it = state_.lower_bound(StoreKey{resource, ns, ""}); it != state_.end(); ++it) {
    if (it->first.resource != resource || (!ns.empty() && it->first.ns != ns)) break;
    result.items.push_back(it->second.object.get());
  }
  return result;
}

// Walks the state and what has to be undone of it side by side.
Result<std::size_t> JournaledStore::visit(const std::string& resource, const std::string& ns, Revision at,
                                          const ObjectKey& start, const See& see) const {
  auto undo = at == published_ ? WatchHub::Undo() : hub_.undo(resource, ns, at);
  if (undo.has_error()) return undo.error();
  const auto first = std::max(StoreKey{resource, ns, ""}, StoreKey{resource, start.ns, start.name});
  const auto inside = [&](const StoreKey& key) {
    return key.resource == resource && (ns.empty() || key.ns == ns);
  };
  auto now = state_.lower_bound(first);
  auto then = undo->lower_bound(first);
  bool seeing = true;
  std::size_t unseen = 0;
  while (true) {
    const bool has_now = now != state_.end() && inside(now->first);
    const bool has_then = then != undo->end() && inside(then->first);
    if (!has_now && !has_then) return unseen;
    const bool undone = has_then && (!has_now || then->first <= now->first);
    if (undone && has_now && then->first == now->first) ++now;
    if (!undone || then->second->previous) {
      if (seeing) seeing = see(undone ? hub_.before(*then->second) : now->second.object.get());
      if (!seeing) ++unseen;
    }
    undone ? static_cast<void>(++then) : static_cast<void>(++now);
  }
}

Task<bool> JournaledStore::reach(Revision revision, base::Clock& clock, base::SteadyTime until) {
  while (published_ < revision && !stopping_) {
    const bool changed = co_await change_published_.wait_until(clock, until);
    if (!changed) break;
  }
  co_return published_ >= revision;
}

Result<std::unique_ptr<StoreWatcher>> JournaledStore::watch_part(const std::string& resource, const ObjectKey& part, Revision from) {
  if (stopping_) return base::error(Reason::Cancelled, "the store is stopping");
  return hub_.watch(resource, part, from);
}

}  // namespace berth::storage
