#include <algorithm>

#include "api/errors.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "api/registry.h"

namespace berth::api {

Task<Result<ObjectPtr>> Registry::remove(const crd::ResourceInfo& resource, ObjectKey key,
                                         DeletePreconditions preconditions, bool dry_run) {
  for (int attempt = 1;; ++attempt) {
    auto result = co_await remove_once(resource, key, preconditions, dry_run);
    const bool again = result.has_error() && result.error().reason == Reason::Conflict &&
                       !preconditions.revision && !is_namespace(resource) && attempt < kMaxAttempts;
    if (!again) co_return result;
  }
}

Task<Result<ObjectPtr>> Registry::remove_once(const crd::ResourceInfo& resource, const ObjectKey& key,
                                              const DeletePreconditions& preconditions, bool dry_run) {
  if (is_namespace(resource) && key.name == "default") {
    co_return forbidden(resource, key.name, "this namespace may not be deleted");
  }
  auto existing = get(resource, key);
  if (existing.has_error()) co_return existing.error();
  const ObjectPtr old = existing.value();
  if (auto error = check_delete_preconditions(resource, *old, preconditions)) co_return *error;
  const bool held = !finalizers_of(old->body()["metadata"]).empty();
  if (held && old->deleting()) co_return old;
  if (is_namespace(resource) && !dry_run) {
    const auto emptied = co_await empty_namespace(key.name);
    if (emptied.has_error()) co_return emptied.error();
  }

  storage::Write write{store_key(resource, key), std::nullopt, old->revision()};
  if (held) {
    json body = old->body();
    json& metadata = body["metadata"];
    metadata["deletionTimestamp"] = base::format_time(clock_.system_now());
    metadata["deletionGracePeriodSeconds"] = 0;
    if (is_custom(resource)) metadata["generation"] = old->generation() + 1;
    if (dry_run) co_return Object::make(std::move(body));
    write.body = std::move(body);
  } else if (dry_run) {
    co_return old;
  }
  auto result = co_await store_.commit(std::move(write));
  if (result.has_value()) co_return result;
  if (result.error().reason == Reason::Conflict) co_return stale(resource, key.name);
  if (result.error().reason == Reason::NotFound) co_return not_found(resource, key.name);
  co_return result;
}

// Removes what may go with a namespace. Errors: Conflict when something in it must be removed first.
Task<Result<void>> Registry::empty_namespace(std::string ns) {
  const auto* namespaces = scheme_.find("", "v1", "namespaces");
  for (const auto& resource : scheme_.resources()) {
    if (!resource.namespaced || !is_custom(resource)) continue;
    const auto count = store_.list(resource.group_resource(), ns).items.size();
    if (count == 0) continue;
    co_return conflict(
        *namespaces, ns,
        "it still holds " + std::to_string(count) + " " + resource.group_resource() + "; delete them first");
  }
  for (const auto& resource : scheme_.resources()) {
    if (!resource.namespaced) continue;
    const auto list = store_.list(resource.group_resource(), ns);
    for (const auto& object : list.items) {
      storage::Write write{store_key(resource, object->key()), std::nullopt, std::nullopt};
      const auto gone = co_await store_.commit(std::move(write));
      if (gone.has_error() && gone.error().reason != Reason::NotFound) co_return gone.error();
    }
  }
  co_return Result<void>();
}

Task<Result<void>> Registry::remove_finalizer(const crd::ResourceInfo& resource, ObjectKey key,
                                              std::string uid, std::string finalizer) {
  for (int attempt = 1;; ++attempt) {
    const auto old = store_.get(store_key(resource, key));
    if (!old || old->uid() != uid || !old->has_finalizer(finalizer)) co_return Result<void>();
    json body = old->body();
    json& list = body["metadata"]["finalizers"];
    list.erase(std::remove(list.begin(), list.end(), json(finalizer)), list.end());
    if (list.empty()) body["metadata"].erase("finalizers");
    const auto result = co_await write_back(resource, old, std::move(body), false);
    if (result.has_value() || result.error().reason == Reason::NotFound) co_return Result<void>();
    if (result.error().reason != Reason::Conflict || attempt == kMaxAttempts) co_return result.error();
  }
}

}  // namespace berth::api
