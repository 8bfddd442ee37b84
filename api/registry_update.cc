#include <algorithm>

#include "api/decode.h"
#include "api/errors.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "api/registry.h"
#include "api/wanted_state.h"

namespace berth::api {

namespace {

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

// What a write of status needs of an object that is berth's own anyway.
json status_alone(json body) {
  if (!body.is_object()) return body;
  for (auto it = body.begin(); it != body.end();) {
    const auto& key = it.key();
    const bool kept = key == "apiVersion" || key == "kind" || key == "metadata" || key == "status";
    it = kept ? std::next(it) : body.erase(it);
  }
  return body;
}

bool overtaken(const Result<ObjectPtr>& result) { return result.has_error() && result.error().reason == Reason::Conflict; }

}  // namespace

// Stores `body` as the next state of `old`, which it was made from: generation, the end of a deletion,
// nothing when nothing but times of managedFields differs.
Task<Result<ObjectPtr>> Registry::write_back(const crd::ResourceInfo& resource, ObjectPtr old, json body,
                                             bool dry_run, bool restamped) {
  json& metadata = body["metadata"];
  if (is_custom(resource)) {
    const bool changed = resource.has_status ? !same_outside(body, old->body(), {"metadata", "status"})
                                             : !same_outside(body, old->body(), {"metadata"});
    metadata["generation"] = old->generation() + (changed ? 1 : 0);
  }
  if (body == old->body() || (!restamped && same_but_times(body, old->body()))) co_return old;
  const auto place = quotas_.admit(resource, body, old.get());
  if (place.has_error()) co_return place.error();
  const bool last_finalizer_gone = old->deleting() && !is_held(resource, body);
  if (dry_run) co_return Object::make(std::move(body));

  const auto key = store_key(resource, old->key());
  storage::Write write{key, std::nullopt, old->revision()};
  json last;
  (last_finalizer_gone ? last : write.body.emplace()) = std::move(body);
  auto result = co_await store_.commit(std::move(write));
  if (result.has_error()) {
    if (result.error().reason == Reason::Conflict) co_return stale(resource, old->name());
    if (result.error().reason == Reason::NotFound) co_return not_found(resource, old->name());
    co_return result.error();
  }
  if (last_finalizer_gone) co_return Object::make(std::move(last));
  co_return result;
}

Task<Result<ObjectPtr>> Registry::replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                          WriteOptions options) {
  auto decoded = decode(resource, std::move(body), options);
  if (decoded.has_error()) co_return decoded.error();
  const WantedState wanted = wanted_of(std::move(decoded.value()));
  co_return co_await update(resource, key, wanted, options, false);
}

Task<Result<ObjectPtr>> Registry::update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                                WriteOptions options) {
  const bool own = options.actor == Actor::System && !resource.status_schema.is_null();
  auto decoded = own ? decode_fields(resource, resource.status_schema, status_alone(std::move(body)))
                     : decode(resource, std::move(body), options);
  if (decoded.has_error()) co_return decoded.error();
  const WantedState wanted = wanted_of(std::move(decoded.value()));
  co_return co_await update(resource, key, wanted, options, true);
}

Task<Result<ObjectPtr>> Registry::update(const crd::ResourceInfo& resource, const ObjectKey& key, const WantedState& wanted,
                                         const WriteOptions& options, bool status) {
  const bool locked = !wanted.body["metadata"].value("resourceVersion", "").empty();
  for (int attempt = 1;; ++attempt) {
    auto existing = get(resource, key);
    if (existing.has_error()) {
      // What is wrong with the request itself comes first.
      json metadata = wanted.body["metadata"];
      if (auto error = check_key(resource, metadata, key)) co_return *error;
      co_return existing.error();
    }
    const WriteContext context{resource, options, base::format_time(clock_.system_now()), status};
    auto next = next_state(context, key, wanted, *existing.value());
    if (next.has_error()) co_return next.error();
    auto result = co_await write_back(resource, existing.value(), std::move(next.value()), options.dry_run, wanted.restamped);
    if (!overtaken(result) || locked || attempt == kMaxAttempts) co_return result;
  }
}

Task<Result<Patched>> Registry::patch(const crd::ResourceInfo& resource, ObjectKey key, Patch patch, WriteOptions options,
                                      bool status) {
  const std::size_t warned = options.warnings ? options.warnings->size() : 0;
  for (int attempt = 1;; ++attempt) {
    if (options.warnings) options.warnings->resize(warned);
    const ObjectPtr old = store_.get(store_key(resource, key));
    if (!old && (patch.type != PatchType::Apply || status)) co_return not_found(resource, key.name);
    const WriteContext context{resource, options, base::format_time(clock_.system_now()), status};
    auto wanted = patch_state(context, patch, old.get());
    if (wanted.has_error()) co_return wanted.error();
    const bool last = attempt == kMaxAttempts;
    if (!old) {
      auto created = co_await create_applied(resource, key, std::move(wanted.value()), options);
      if (created.has_value()) co_return Patched{created.value(), true};
      if (created.error().reason != Reason::AlreadyExists || last) co_return created.error();
      continue;
    }
    const bool restamped = wanted->restamped;
    auto next = next_state(context, key, std::move(wanted.value()), *old);
    if (next.has_error()) co_return next.error();
    auto result = co_await write_back(resource, old, std::move(next.value()), options.dry_run, restamped);
    if (result.has_value()) co_return Patched{result.value(), false};
    // Gone meanwhile: an apply makes it anew.
    const bool again = overtaken(result) || (result.error().reason == Reason::NotFound && patch.type == PatchType::Apply);
    if (!again || last) co_return result.error();
  }
}

Task<Result<ObjectPtr>> Registry::create_applied(const crd::ResourceInfo& resource, const ObjectKey& key, WantedState wanted,
                                                 const WriteOptions& options) {
  json& metadata = wanted.body["metadata"];
  if (auto error = check_key(resource, metadata, key)) co_return *error;
  if (const auto uid = metadata.value("uid", ""); !uid.empty()) {
    co_return conflict(resource, key.name,
                       "uid mismatch: the provided object specified uid " + uid + ", and no existing object was found");
  }
  co_return co_await create_wanted(resource, key.ns, std::move(wanted), options);
}

}  // namespace berth::api
