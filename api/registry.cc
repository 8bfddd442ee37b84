#include "api/registry.h"

#include <algorithm>

#include "api/allocations.h"
#include "api/decode.h"
#include "api/errors.h"
#include "api/identity.h"
#include "api/object_meta.h"
#include "crd/cause.h"
#include "crd/schema.h"

namespace berth::api {

namespace {

constexpr int kMaxAttempts = 16;
constexpr int kMaxNameAttempts = 8;
constexpr const char* kDefaultNamespace = "default";

// Custom resources have a generation and want a resourceVersion in updates; core kinds do neither.
bool is_custom(const crd::ResourceInfo& resource) { return resource.gvk.group == crd::kGroup; }
bool is_namespace(const crd::ResourceInfo& resource) {
  return resource.gvk.group.empty() && resource.gvk.kind == "Namespace";
}

Error bad(std::string message) { return base::error(Reason::BadRequest, std::move(message)); }

bool is_conflict(const Error& error) { return error.reason == Reason::Conflict; }

std::optional<Error> check_namespace(const crd::ResourceInfo& resource, const json& metadata, const std::string& ns) {
  const auto given = metadata.value("namespace", "");
  if (resource.namespaced && ns.empty()) return bad("an empty namespace may not be set during creation");
  if (!given.empty() && given != ns) {
    return bad("the namespace of the provided object does not match the namespace sent on the request");
  }
  return std::nullopt;
}

// The key in the URL and the one in the body must agree; an absent namespace is filled in.
std::optional<Error> check_key(const crd::ResourceInfo& resource, json& metadata, const ObjectKey& key) {
  const auto name = metadata.value("name", "");
  if (name.empty()) {
    return bad("the name of the object (" + key.name + " based on URL) was undeterminable: name must be provided");
  }
  if (name != key.name) {
    return bad("the name of the object (" + name + ") does not match the name on the URL (" + key.name + ")");
  }
  if (auto error = check_namespace(resource, metadata, key.ns)) return error;
  if (resource.namespaced) metadata["namespace"] = key.ns;
  return std::nullopt;
}

// resourceVersion and uid, where the body has them, are preconditions.
std::optional<Error> check_preconditions(const crd::ResourceInfo& resource, const json& metadata, const Object& old) {
  const auto uid = metadata.value("uid", "");
  if (!uid.empty() && uid != old.uid()) {
    return conflict(resource, old.name(),
                    "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + old.uid());
  }
  const auto revision = metadata.value("resourceVersion", "");
  if (revision.empty()) return std::nullopt;
  if (revision.find_first_not_of("0123456789") != std::string::npos || revision.size() > 19) {
    return bad("metadata.resourceVersion: parsing " + crd::dump(revision) + ": invalid syntax");
  }
  if (revision != std::to_string(old.revision())) return stale(resource, old.name());
  return std::nullopt;
}

std::vector<Cause> validate_content(const crd::ResourceInfo& resource, const json& body, const json* old) {
  auto causes = crd::validate(resource.schema, body);
  if (causes.empty() && resource.rules) causes = resource.rules(body, old);
  return causes;
}

void append(std::vector<Cause>& causes, std::vector<Cause> more) {
  causes.insert(causes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// What belongs to the server in metadata, as it is stored.
void take_over_metadata(json& metadata, const json& old) {
  for (const char* field : {"uid", "creationTimestamp", "generation", "resourceVersion", "deletionGracePeriodSeconds"}) {
    metadata.erase(field);
    if (old.contains(field)) metadata[field] = old[field];
  }
  if (!metadata.contains("deletionTimestamp") && old.contains("deletionTimestamp")) {
    metadata["deletionTimestamp"] = old["deletionTimestamp"];
  }
}

void take_over(json& body, const json& old, const char* field) {
  body.erase(field);
  if (old.contains(field)) body[field] = old[field];
}

// Whether a and b agree in everything but the `ignored` members.
bool same_outside(const json& a, const json& b, std::initializer_list<std::string_view> ignored) {
  const auto covers = [&](const json& whole, const json& part) {
    for (const auto& [key, value] : part.items()) {
      if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) continue;
      const auto found = whole.find(key);
      if (found == whole.end() || *found != value) return false;
    }
    return true;
  };
  return covers(a, b) && covers(b, a);
}

std::optional<Error> check_delete_preconditions(const crd::ResourceInfo& resource, const Object& object,
                                                const DeletePreconditions& preconditions) {
  const auto refuse = [&](const std::string& what, const std::string& wanted, const std::string& found,
                          const std::string& hint) {
    return base::error(Reason::Conflict, "Operation cannot be fulfilled on " + group_kind(resource.gvk) + " " +
                                             crd::dump(object.name()) + ": the " + what + " in the precondition (" +
                                             wanted + ") does not match the " + what + " in record (" + found +
                                             "). " + hint);
  };
  if (preconditions.uid && *preconditions.uid != object.uid()) {
    return refuse("UID", *preconditions.uid, object.uid(), "The object might have been deleted and then recreated");
  }
  if (preconditions.revision && *preconditions.revision != object.revision()) {
    return refuse("ResourceVersion", std::to_string(*preconditions.revision), std::to_string(object.revision()),
                  "The object might have been modified");
  }
  return std::nullopt;
}

}  // namespace

Registry::Registry(const crd::Scheme& scheme, storage::Store& store, base::Clock& clock)
    : scheme_(scheme), store_(store), clock_(clock), random_(make_random()) {}

Task<Result<void>> Registry::start() {
  const auto* namespaces = scheme_.find("", "v1", "namespaces");
  if (!namespaces) co_return Result<void>();
  std::string ns = kDefaultNamespace;
  std::string name;
  co_return co_await ensure_namespace(std::move(ns), *namespaces, std::move(name), false);
}

storage::StoreKey Registry::store_key(const crd::ResourceInfo& resource, const ObjectKey& key) const {
  return {resource.group_resource(), resource.namespaced ? key.ns : "", key.name};
}

Result<ObjectPtr> Registry::get(const crd::ResourceInfo& resource, const ObjectKey& key) const {
  if (auto object = store_.get(store_key(resource, key))) return object;
  return not_found(resource, key.name);
}

ListResult Registry::list(const crd::ResourceInfo& resource, const std::string& ns) const {
  return store_.list(resource.group_resource(), ns);
}

Result<std::unique_ptr<Watcher>> Registry::watch(const crd::ResourceInfo& resource, const std::string& ns,
                                                 storage::Revision from) {
  return store_.watch(resource.group_resource(), ns, from);
}

// Server-owned fields of a new object; whatever the client sent for them is ignored.
json Registry::stamp_new(const crd::ResourceInfo& resource, json body) {
  json& metadata = body["metadata"];
  for (const char* field : {"resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    metadata.erase(field);
  }
  metadata["uid"] = make_uid(random_);
  metadata["creationTimestamp"] = base::format_time(clock_.system_now());
  if (is_custom(resource)) metadata["generation"] = 1;
  if (resource.has_status) body.erase("status");
  if (is_namespace(resource)) {
    metadata["labels"]["kubernetes.io/metadata.name"] = metadata.value("name", "");
    body["status"] = {{"phase", "Active"}};
  }
  return body;
}

Task<Result<void>> Registry::ensure_namespace(std::string ns, const crd::ResourceInfo& resource, std::string name,
                                              bool dry_run) {
  const auto* namespaces = scheme_.find("", "v1", "namespaces");
  if (!namespaces) co_return Result<void>();
  const auto key = store_key(*namespaces, {"", ns});
  if (const auto existing = store_.get(key)) {
    if (existing->deleting()) {
      co_return forbidden(resource, name,
                          "unable to create new content in namespace " + ns + " because it is being terminated");
    }
    co_return Result<void>();
  }
  json body = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}};
  body = stamp_new(*namespaces, std::move(body));
  if (auto causes = validate_metadata(*namespaces, body["metadata"]); !causes.empty()) {
    co_return invalid(*namespaces, ns, std::move(causes));
  }
  if (dry_run) co_return Result<void>();
  storage::Write write{key, std::move(body), storage::Revision{0}};
  const auto made = co_await store_.commit(std::move(write));
  if (made.has_error() && made.error().reason != Reason::AlreadyExists) co_return made.error();
  co_return Result<void>();
}

Task<Result<ObjectPtr>> Registry::create(const crd::ResourceInfo& resource, std::string ns, json body,
                                         WriteOptions options) {
  auto decoded = decode(resource, std::move(body), options);
  if (decoded.has_error()) co_return decoded.error();
  json wanted = std::move(decoded.value());
  json& metadata = wanted["metadata"];
  if (auto error = check_namespace(resource, metadata, ns)) co_return *error;
  if (!metadata.value("resourceVersion", "").empty()) {
    co_return bad("resourceVersion should not be set on objects to be created");
  }
  if (resource.namespaced) metadata["namespace"] = ns;
  const auto prefix = metadata.value("generateName", "");
  const bool generated = metadata.value("name", "").empty() && !prefix.empty();

  for (int attempt = 1;; ++attempt) {
    if (generated) metadata["name"] = make_name(prefix, random_);
    const auto name = metadata.value("name", "");
    json stamped = stamp_new(resource, wanted);
    auto causes = settle_finalizers(stamped["metadata"], resource.finalizers, options.actor);
    for (const auto& finalizer : resource.finalizers) {
      auto& list = stamped["metadata"]["finalizers"];
      if (std::find(list.begin(), list.end(), json(finalizer)) == list.end()) list.push_back(finalizer);
    }
    append(causes, validate_metadata(resource, stamped["metadata"]));
    append(causes, validate_content(resource, stamped, nullptr));
    if (!causes.empty()) co_return invalid(resource, name, std::move(causes));

    if (resource.namespaced) {
      const auto ready = co_await ensure_namespace(ns, resource, name, options.dry_run);
      if (ready.has_error()) co_return ready.error();
    }
    const auto key = store_key(resource, {ns, name});
    auto result = Result<ObjectPtr>(already_exists(resource, name));
    if (!options.dry_run) {
      storage::Write write{key, std::move(stamped), storage::Revision{0}};
      result = co_await store_.commit(std::move(write));
    } else if (!store_.get(key)) {
      result = Object::make(std::move(stamped));
    }
    if (result.has_value() || result.error().reason != Reason::AlreadyExists) co_return result;
    if (!generated || attempt == kMaxNameAttempts) co_return already_exists(resource, name);
  }
}

// Stores `body` as the next state of `old`, which it was made from: generation, the end of a deletion, nothing when equal.
Task<Result<ObjectPtr>> Registry::write_back(const crd::ResourceInfo& resource, ObjectPtr old, json body, bool dry_run) {
  json& metadata = body["metadata"];
  if (is_custom(resource)) {
    const bool changed = resource.has_status ? !same_outside(body, old->body(), {"metadata", "status"})
                                             : !same_outside(body, old->body(), {"metadata"});
    metadata["generation"] = old->generation() + (changed ? 1 : 0);
  }
  if (body == old->body()) co_return old;
  const bool last_finalizer_gone = old->deleting() && finalizers_of(metadata).empty();
  if (dry_run) co_return Object::make(std::move(body));

  const auto key = store_key(resource, old->key());
  storage::Write write{key, std::nullopt, old->revision()};
  if (!last_finalizer_gone) write.body = body;
  auto result = co_await store_.commit(std::move(write));
  if (result.has_error()) {
    if (is_conflict(result.error())) co_return stale(resource, old->name());
    if (result.error().reason == Reason::NotFound) co_return not_found(resource, old->name());
    co_return result.error();
  }
  if (last_finalizer_gone) co_return Object::make(std::move(body));
  co_return result;
}

Task<Result<ObjectPtr>> Registry::replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                          WriteOptions options) {
  auto decoded = decode(resource, std::move(body), options);
  if (decoded.has_error()) co_return decoded.error();
  const json wanted = std::move(decoded.value());
  const bool locked = !wanted["metadata"].value("resourceVersion", "").empty();
  for (int attempt = 1;; ++attempt) {
    auto result = co_await replace_once(resource, key, wanted, options);
    if (result.has_value() || locked || !is_conflict(result.error()) || attempt == kMaxAttempts) co_return result;
  }
}

Task<Result<ObjectPtr>> Registry::replace_once(const crd::ResourceInfo& resource, const ObjectKey& key,
                                               const json& wanted, const WriteOptions& options) {
  json body = wanted;
  json& metadata = body["metadata"];
  if (auto error = check_key(resource, metadata, key)) co_return *error;
  auto existing = get(resource, key);
  if (existing.has_error()) co_return existing.error();
  const ObjectPtr old = existing.value();
  if (auto error = check_preconditions(resource, metadata, *old)) co_return *error;
  if (is_custom(resource) && metadata.value("resourceVersion", "").empty()) {
    std::vector<Cause> causes = {
        crd::cause::invalid("metadata.resourceVersion", 0, "must be specified for an update")};
    co_return invalid(resource.group_resource(), key.name, std::move(causes));
  }

  const json& old_metadata = old->body()["metadata"];
  take_over_metadata(metadata, old_metadata);
  if (resource.has_status) take_over(body, old->body(), "status");
  auto causes = settle_finalizers(metadata, finalizers_of(old_metadata), options.actor);
  append(causes, validate_metadata(resource, metadata));
  append(causes, validate_metadata_update(metadata, old_metadata));
  append(causes, validate_content(resource, body, &old->body()));
  if (!causes.empty()) co_return invalid(resource, key.name, std::move(causes));
  co_return co_await write_back(resource, old, std::move(body), options.dry_run);
}

Task<Result<ObjectPtr>> Registry::update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                                WriteOptions options) {
  auto decoded = decode(resource, std::move(body), options);
  if (decoded.has_error()) co_return decoded.error();
  const json wanted = std::move(decoded.value());
  const bool locked = !wanted["metadata"].value("resourceVersion", "").empty();
  for (int attempt = 1;; ++attempt) {
    auto result = co_await update_status_once(resource, key, wanted, options);
    if (result.has_value() || locked || !is_conflict(result.error()) || attempt == kMaxAttempts) co_return result;
  }
}

Task<Result<ObjectPtr>> Registry::update_status_once(const crd::ResourceInfo& resource, const ObjectKey& key,
                                                     const json& wanted, const WriteOptions& options) {
  json metadata = wanted["metadata"];
  if (auto error = check_key(resource, metadata, key)) co_return *error;
  auto existing = get(resource, key);
  if (existing.has_error()) co_return existing.error();
  const ObjectPtr old = existing.value();
  if (auto error = check_preconditions(resource, metadata, *old)) co_return *error;

  json body = old->body();
  take_over(body, wanted, "status");
  if (options.actor == Actor::User && is_custom(resource) && resource.gvk.kind == "TestEnvironment") {
    keep_allocations(body["status"], old->status());
    if (body["status"].empty()) body.erase("status");
  }
  // The rules are about the spec, which passed them when it was written.
  if (auto causes = crd::validate(resource.schema, body); !causes.empty()) {
    co_return invalid(resource, key.name, std::move(causes));
  }
  co_return co_await write_back(resource, old, std::move(body), options.dry_run);
}

Task<Result<ObjectPtr>> Registry::remove(const crd::ResourceInfo& resource, ObjectKey key,
                                         DeletePreconditions preconditions, bool dry_run) {
  for (int attempt = 1;; ++attempt) {
    auto result = co_await remove_once(resource, key, preconditions, dry_run);
    const bool again = result.has_error() && result.error().reason == Reason::Conflict && !preconditions.revision &&
                       !is_namespace(resource) && attempt < kMaxAttempts;
    if (!again) co_return result;
  }
}

Task<Result<ObjectPtr>> Registry::remove_once(const crd::ResourceInfo& resource, const ObjectKey& key,
                                              const DeletePreconditions& preconditions, bool dry_run) {
  if (is_namespace(resource) && key.name == kDefaultNamespace) {
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
  if (is_conflict(result.error())) co_return stale(resource, key.name);
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
    co_return conflict(*namespaces, ns,
                       "it still holds " + std::to_string(count) + " " + resource.group_resource() +
                           "; delete them first");
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

Task<Result<void>> Registry::remove_finalizer(const crd::ResourceInfo& resource, ObjectKey key, std::string uid,
                                              std::string finalizer) {
  for (int attempt = 1;; ++attempt) {
    const auto old = store_.get(store_key(resource, key));
    if (!old || old->uid() != uid || !old->has_finalizer(finalizer)) co_return Result<void>();
    json body = old->body();
    json& list = body["metadata"]["finalizers"];
    list.erase(std::remove(list.begin(), list.end(), json(finalizer)), list.end());
    if (list.empty()) body["metadata"].erase("finalizers");
    const auto result = co_await write_back(resource, old, std::move(body), false);
    if (result.has_value() || result.error().reason == Reason::NotFound) co_return Result<void>();
    if (!is_conflict(result.error()) || attempt == kMaxAttempts) co_return result.error();
  }
}

}  // namespace berth::api
