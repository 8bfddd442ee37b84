#include "api/registry.h"

#include <algorithm>

#include "api/decode.h"
#include "api/errors.h"
#include "api/identity.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "api/wanted_state.h"

namespace berth::api {

namespace {

constexpr int kMaxNameAttempts = 8;

void append(std::vector<Cause>& causes, std::vector<Cause> more) {
  causes.insert(causes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
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

ListResult Registry::list_part(const crd::ResourceInfo& resource, const ObjectKey& part) const {
  if (part.name.empty()) return list(resource, part.ns);
  ListResult result;
  result.revision = store_.revision();
  if (auto object = store_.get(store_key(resource, part))) result.items.push_back(std::move(object));
  return result;
}

Result<std::unique_ptr<Watcher>> Registry::watch_part(const crd::ResourceInfo& resource, const ObjectKey& part,
                                                      storage::Revision from) {
  return store_.watch_part(resource.group_resource(), part, from);
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
  if (tells_of_others(resource) && ns != "default") co_return not_found(*namespaces, ns);
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
  WantedState wanted = wanted_of(std::move(decoded.value()));
  co_return co_await create_wanted(resource, std::move(ns), std::move(wanted), std::move(options));
}

// A new object as it is to be stored. Errors: Invalid.
Result<json> Registry::new_state(const crd::ResourceInfo& resource, const WantedState& wanted, json body,
                                 const WriteOptions& options) {
  json stamped = stamp_new(resource, std::move(body));
  const WriteContext context{resource, options, stamped["metadata"]["creationTimestamp"].get<std::string>()};
  account(context, wanted, nullptr, stamped);
  json& metadata = stamped["metadata"];
  auto causes = settle_finalizers(metadata, resource.finalizers, options.actor);
  for (const auto& finalizer : resource.finalizers) {
    auto& list = metadata["finalizers"];
    if (std::find(list.begin(), list.end(), json(finalizer)) == list.end()) list.push_back(finalizer);
  }
  append(causes, validate_metadata(resource, metadata));
  append(causes, validate_content(resource, stamped, nullptr));
  if (!causes.empty()) return invalid(resource, metadata.value("name", ""), std::move(causes));
  return Result<json>(boost::system::in_place_value, std::move(stamped));
}

Task<Result<ObjectPtr>> Registry::create_wanted(const crd::ResourceInfo& resource, std::string ns, WantedState wanted,
                                                WriteOptions options) {
  json& metadata = wanted.body["metadata"];
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
    json body = generated ? wanted.body : std::move(wanted.body);
    auto stamped = new_state(resource, wanted, std::move(body), options);
    if (stamped.has_error()) co_return stamped.error();
    if (resource.namespaced) {
      const auto ready = co_await ensure_namespace(ns, resource, name, options.dry_run);
      if (ready.has_error()) co_return ready.error();
    }
    const auto place = quotas_.admit(resource, stamped.value(), nullptr);
    if (place.has_error()) co_return place.error();
    const auto key = store_key(resource, {ns, name});
    auto result = Result<ObjectPtr>(already_exists(resource, name));
    if (!options.dry_run) {
      storage::Write write{key, std::move(stamped.value()), storage::Revision{0}};
      result = co_await store_.commit(std::move(write));
    } else if (!store_.get(key)) {
      result = Object::make(std::move(stamped.value()));
    }
    if (result.has_value() || result.error().reason != Reason::AlreadyExists) co_return result;
    if (!generated || attempt == kMaxNameAttempts) co_return already_exists(resource, name);
  }
}

}  // namespace berth::api
