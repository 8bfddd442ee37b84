#include "api/registry.h"

#include <algorithm>

#include "api/allocations.h"
#include "api/decode.h"
#include "api/errors.h"
#include "api/identity.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "crd/cause.h"
#include "crd/schema.h"

namespace berth::api {

namespace {

constexpr int kMaxNameAttempts = 8;

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
  for (const char* field :
       {"uid", "creationTimestamp", "generation", "resourceVersion", "deletionGracePeriodSeconds"}) {
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

// The marks of the watched directories: berth.dev/source, berth.dev/source-*.
bool is_source_mark(std::string_view annotation) {
  return annotation.starts_with(crd::kSourceAnnotation) &&
         (annotation.size() == crd::kSourceAnnotation.size() || annotation[crd::kSourceAnnotation.size()] == '-');
}

// Gives `metadata` the marks of `old`, whatever it says itself.
void keep_source_marks(json& metadata, const json& old) {
  json annotations = json::object();
  if (const auto given = metadata.find("annotations"); given != metadata.end() && given->is_object()) {
    for (const auto& [name, value] : given->items()) {
      if (!is_source_mark(name)) annotations[name] = value;
    }
  }
  if (const auto kept = old.find("annotations"); kept != old.end() && kept->is_object()) {
    for (const auto& [name, value] : kept->items()) {
      if (is_source_mark(name)) annotations[name] = value;
    }
  }
  const auto given = metadata.find("annotations");
  if (given != metadata.end() ? *given == annotations : annotations.empty()) return;
  metadata.erase("annotations");
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
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

}  // namespace

Registry::Registry(const crd::Scheme& scheme, storage::Store& store, base::Clock& clock)
    : scheme_(scheme), store_(store), clock_(clock), quotas_(scheme, store), random_(make_random()) {}

Task<Result<void>> Registry::start() {
  const auto* namespaces = scheme_.find("", "v1", "namespaces");
  if (!namespaces) co_return Result<void>();
  std::string ns = "default";
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
  for (const char* field :
       {"resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    metadata.erase(field);
  }
  metadata["uid"] = make_uid(random_);
  metadata["creationTimestamp"] = base::format_time(clock_.system_now());
  if (is_custom(resource)) metadata["generation"] = 1;
  if (resource.has_status) body.erase("status");
  if (is_namespace(resource)) {
    metadata["labels"]["kubernetes.io/metadata.name"] = metadata.value("name", "");
    if (!body.contains("spec") || body["spec"].is_object()) {
      body["spec"]["finalizers"] = json::array({std::string(kNamespaceFinalizer)});
    }
    body["status"] = {{"phase", "Active"}};
  }
  return body;
}

Task<Result<void>> Registry::ensure_namespace(std::string ns, const crd::ResourceInfo& resource,
                                              std::string name, bool dry_run) {
  const auto* namespaces = scheme_.find("", "v1", "namespaces");
  if (!namespaces) co_return Result<void>();
  const auto key = store_key(*namespaces, {"", ns});
  if (const auto existing = store_.get(key)) {
    if (existing->deleting()) {
      co_return namespace_terminating(resource, name, ns);
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
    co_return base::error(Reason::BadRequest, "resourceVersion should not be set on objects to be created");
  }
  if (resource.namespaced) metadata["namespace"] = ns;
  const auto prefix = metadata.value("generateName", "");
  const bool generated = metadata.value("name", "").empty() && !prefix.empty();
  if (options.actor == Actor::User) keep_source_marks(metadata, json::object());

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
    const auto place = quotas_.admit(resource, stamped, nullptr);
    if (place.has_error()) co_return place.error();
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

// Stores `body` as the next state of `old`, which it was made from: generation, the end of a deletion,
// nothing when equal.
Task<Result<ObjectPtr>> Registry::write_back(const crd::ResourceInfo& resource, ObjectPtr old, json body,
                                             bool dry_run) {
  json& metadata = body["metadata"];
  if (is_custom(resource)) {
    const bool changed = resource.has_status ? !same_outside(body, old->body(), {"metadata", "status"})
                                             : !same_outside(body, old->body(), {"metadata"});
    metadata["generation"] = old->generation() + (changed ? 1 : 0);
  }
  if (body == old->body()) co_return old;
  const auto place = quotas_.admit(resource, body, old.get());
  if (place.has_error()) co_return place.error();
  const bool last_finalizer_gone = old->deleting() && !is_held(resource, body);
  if (dry_run) co_return Object::make(std::move(body));

  const auto key = store_key(resource, old->key());
  storage::Write write{key, std::nullopt, old->revision()};
  if (!last_finalizer_gone) write.body = body;
  auto result = co_await store_.commit(std::move(write));
  if (result.has_error()) {
    if (result.error().reason == Reason::Conflict) co_return stale(resource, old->name());
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
    if (result.has_value() || locked || result.error().reason != Reason::Conflict || attempt == kMaxAttempts)
      co_return result;
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
  if (options.actor == Actor::User) keep_source_marks(metadata, old_metadata);
  if (resource.has_status) take_over(body, old->body(), "status");
  if (is_namespace(resource)) take_over(body, old->body(), "spec");
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
    if (result.has_value() || locked || result.error().reason != Reason::Conflict || attempt == kMaxAttempts)
      co_return result;
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

}  // namespace berth::api
