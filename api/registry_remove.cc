#include <algorithm>

#include "api/errors.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "api/registry.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kForeground = "foregroundDeletion";

// The finalizer that makes the garbage collector act first; "" in the background.
std::string_view collector_finalizer(const std::vector<std::string>& finalizers, Propagation propagation) {
  const auto has = [&](std::string_view name) {
    return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end();
  };
  switch (propagation) {
    case Propagation::Background: return "";
    case Propagation::Foreground: return kForeground;
    case Propagation::Orphan: return kOrphan;
    case Propagation::Default: break;
  }
  if (has(kOrphan)) return kOrphan;
  return has(kForeground) ? kForeground : "";
}

// Lays down which of the collector's finalizers the object has.
void settle_collector(json& metadata, Propagation propagation) {
  auto finalizers = finalizers_of(metadata);
  const auto wanted = collector_finalizer(finalizers, propagation);
  std::erase_if(finalizers, [&](const auto& name) { return (name == kOrphan || name == kForeground) && name != wanted; });
  if (!wanted.empty() && std::find(finalizers.begin(), finalizers.end(), wanted) == finalizers.end()) {
    finalizers.emplace_back(wanted);
  }
  metadata.erase("finalizers");
  if (!finalizers.empty()) metadata["finalizers"] = finalizers;
}

// The state of an object whose deletion was asked for.
json marked_deleting(const crd::ResourceInfo& resource, const Object& old, Propagation propagation, base::SystemTime now) {
  json body = old.body();
  json& metadata = body["metadata"];
  settle_collector(metadata, propagation);
  if (old.deleting()) return body;
  if (is_namespace(resource)) {
    body["spec"]["finalizers"] = json::array({std::string(kNamespaceFinalizer)});
    body["status"]["phase"] = "Terminating";
  }
  if (!is_held(resource, body)) return body;
  metadata["deletionTimestamp"] = base::format_time(now);
  if (!is_namespace(resource)) metadata["deletionGracePeriodSeconds"] = 0;
  if (is_custom(resource)) metadata["generation"] = old.generation() + 1;
  return body;
}

// How an object that is gone is answered: not as one that is going.
Result<ObjectPtr> answered_as_gone(const Object& last) {
  json body = last.body();
  for (const char* field : {"deletionTimestamp", "deletionGracePeriodSeconds", "finalizers"}) body["metadata"].erase(field);
  return Object::make(std::move(body));
}

}  // namespace

Task<Result<ObjectPtr>> Registry::remove(const crd::ResourceInfo& resource, ObjectKey key, DeletePreconditions preconditions,
                                         bool dry_run, Propagation propagation) {
  for (int attempt = 1;; ++attempt) {
    auto result = co_await remove_once(resource, key, preconditions, dry_run, propagation);
    const bool again = result.has_error() && result.error().reason == Reason::Conflict &&
                       !preconditions.revision && attempt < kMaxAttempts;
    if (!again) co_return result;
  }
}

Task<Result<ObjectPtr>> Registry::remove_once(const crd::ResourceInfo& resource, const ObjectKey& key,
                                              const DeletePreconditions& preconditions, bool dry_run,
                                              Propagation propagation) {
  if (is_namespace(resource) && key.name == "default") {
    co_return forbidden(resource, key.name, "this namespace may not be deleted");
  }
  auto existing = get(resource, key);
  if (existing.has_error()) co_return existing.error();
  const ObjectPtr old = existing.value();
  if (auto error = check_delete_preconditions(resource, *old, preconditions)) co_return *error;
  json body = marked_deleting(resource, *old, propagation, clock_.system_now());
  const bool held = is_held(resource, body);
  if (held && body == old->body()) co_return old;
  if (dry_run) co_return held ? Object::make(std::move(body)) : answered_as_gone(*old);

  storage::Write write{store_key(resource, key), std::nullopt, old->revision()};
  if (held) write.body = std::move(body);
  auto result = co_await store_.commit(std::move(write));
  if (result.has_value()) co_return held ? result : answered_as_gone(**result);
  if (result.error().reason == Reason::Conflict) co_return stale(resource, key.name);
  if (result.error().reason == Reason::NotFound) co_return not_found(resource, key.name);
  co_return result;
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

Task<Result<void>> Registry::change_owners(const crd::ResourceInfo& resource, ObjectKey key, std::string uid,
                                           std::function<void(json& references)> change) {
  for (int attempt = 1;; ++attempt) {
    const auto old = store_.get(store_key(resource, key));
    if (!old || old->uid() != uid) co_return Result<void>();
    json references = crd::array_at(old->body()["metadata"], "ownerReferences");
    change(references);
    json body = old->body();
    body["metadata"].erase("ownerReferences");
    if (!references.empty()) body["metadata"]["ownerReferences"] = std::move(references);
    const auto result = co_await write_back(resource, old, std::move(body), false);
    if (result.has_value() || result.error().reason == Reason::NotFound) co_return Result<void>();
    if (result.error().reason != Reason::Conflict || attempt == kMaxAttempts) co_return result.error();
  }
}

}  // namespace berth::api
