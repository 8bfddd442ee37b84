#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "api/quota_ledger.h"
#include "api/patch.h"
#include "api/storage/store.h"
#include "base/clock.h"
#include "crd/scheme.h"

namespace berth::api {

enum class FieldValidation { Strict, Warn, Ignore };

// Who writes. Allocation fields of status (network, services[].ports, endpoints, env), berth's finalizer and the marks of
// watched directories (annotations berth.dev/source and berth.dev/source-*) are written by System alone; a User's write
// keeps what is stored there, and what it says about them on create is left out.
enum class Actor { User, System };

struct WriteOptions {
  FieldValidation field_validation = FieldValidation::Warn;
  std::string field_manager = "unknown";
  bool dry_run = false;
  Actor actor = Actor::User;
  std::vector<std::string>* warnings = nullptr;  // receives Warn's texts: unknown field "spec.imagge"
};

// What becomes of the objects that name a deleted one in their ownerReferences; the garbage collector does it. Background: they go
// after it. Foreground: they go before it. Orphan: they stay and lose the reference. Default: as the object's finalizers say, else
// Background.
enum class Propagation { Default, Background, Foreground, Orphan };

struct DeletePreconditions {
  std::optional<std::string> uid;
  std::optional<std::uint64_t> revision;
};

// A change as a watcher of the API sees it.
using storage::ListResult;
using storage::Watcher;

struct WantedState;

// THE ONE WRITE PATH. Object in, checked and stamped Object committed: prune, strict check, default, validate, rules,
// then uid, creationTimestamp, generation, finalizers, name from generateName, managedFields. Sources, HTTP and controllers all come
// through here. Loop thread only.
//
// Errors of all writes: BadRequest (wrong apiVersion, name or namespace that contradict the key, strict decoding, a
// resourceVersion on create), Invalid with causes (wrong kind, metadata, schema or rules), Conflict (stale resourceVersion, other
// uid), NotFound, AlreadyExists, Forbidden (namespaces, quotas), and what Store::commit() reports; messages are the ones of a
// Kubernetes API server for a custom resource.
class Registry {
 public:
  Registry(const crd::Scheme& scheme, storage::Store& store, base::Clock& clock);

  // Makes what every berthd has: namespace "default". Once, before the first use by others.
  Task<Result<void>> start();

  const crd::Scheme& scheme() const { return scheme_; }
  storage::Store& store() { return store_; }
  const QuotaLedger& quotas() const { return quotas_; }

  // Missing: NotFound.
  Result<ObjectPtr> get(const crd::ResourceInfo& resource, const ObjectKey& key) const;
  ListResult list(const crd::ResourceInfo& resource, const std::string& ns) const;
  Result<std::unique_ptr<Watcher>> watch(const crd::ResourceInfo& resource, const std::string& ns,
                                         storage::Revision from);
  // What is in the part's namespace and has its name; "" of either = all.
  ListResult list_part(const crd::ResourceInfo& resource, const ObjectKey& part) const;
  Result<std::unique_ptr<Watcher>> watch_part(const crd::ResourceInfo& resource, const ObjectKey& part, storage::Revision from);

  // The namespace is created on first use when it is missing (berth has no namespace ceremony); not by Events and Pods, which tell
  // of what is there: NotFound.
  Task<Result<ObjectPtr>> create(const crd::ResourceInfo& resource, std::string ns, json body, WriteOptions options);
  // PUT. Requires metadata.resourceVersion in `body`, except for core kinds. Status is kept from the store. Identical: no
  // write, same revision.
  // An update that removes the last finalizer of a deleting object deletes it.
  Task<Result<ObjectPtr>> replace(const crd::ResourceInfo& resource, ObjectKey key, json body, WriteOptions options);
  // The same for an object that is made from what is stored: as often as it takes when others write meanwhile, unless the patch names a
  // resourceVersion. An Apply makes what is not there. StrategicMerge is for core kinds. `status`: the patch is about the status
  // subresource. Errors besides: RequestEntityTooLarge; Conflict with a cause per field that another manager holds; Invalid
  // kPatchRejected.
  Task<Result<Patched>> patch(const crd::ResourceInfo& resource, ObjectKey key, Patch patch, WriteOptions options, bool status);
  // Only .status (and the resourceVersion and uid checks, when they are given) is taken from `body`.
  Task<Result<ObjectPtr>> update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                        WriteOptions options);
  // With finalizers, those that `propagation` adds too: sets deletionTimestamp, generation+1, answers the object. Without: gone,
  // answers its last state (then deleting() is false). A second call on a deleting object changes nothing and answers it, unless
  // another `propagation` swaps its finalizers.
  // Namespaces: "default" cannot go (Forbidden); the others are held by spec.finalizers until nothing is left in them.
  Task<Result<ObjectPtr>> remove(const crd::ResourceInfo& resource, ObjectKey key, DeletePreconditions preconditions,
                                 bool dry_run = false, Propagation propagation = Propagation::Default);
  // System only: takes `finalizer` off; the last one of a deleting object deletes it. Missing object or finalizer: success.
  Task<Result<void>> remove_finalizer(const crd::ResourceInfo& resource, ObjectKey key, std::string uid,
                                      std::string finalizer);
  // System only: `change` is given metadata.ownerReferences, a list, and may be called more than once. Missing object: success.
  Task<Result<void>> change_owners(const crd::ResourceInfo& resource, ObjectKey key, std::string uid,
                                   std::function<void(json& references)> change);
  // Only .spec.finalizers (and the resourceVersion and uid checks, when they are given) is taken from `body`. A terminating namespace
  // without any is gone.
  Task<Result<ObjectPtr>> finalize_namespace(std::string name, json body, WriteOptions options);

 private:
  storage::StoreKey store_key(const crd::ResourceInfo& resource, const ObjectKey& key) const;
  json stamp_new(const crd::ResourceInfo& resource, json body);
  Task<Result<void>> ensure_namespace(std::string ns, const crd::ResourceInfo& resource, std::string name, bool dry_run);
  // Errors: Conflict when the object changed meanwhile; the caller decides whether to look again.
  Task<Result<ObjectPtr>> write_back(const crd::ResourceInfo& resource, ObjectPtr old, json body, bool dry_run,
                                     bool restamped = false);
  Result<json> new_state(const crd::ResourceInfo& resource, const WantedState& wanted, json body, const WriteOptions& options);
  Task<Result<ObjectPtr>> create_wanted(const crd::ResourceInfo& resource, std::string ns, WantedState wanted, WriteOptions options);
  Task<Result<ObjectPtr>> create_applied(const crd::ResourceInfo& resource, const ObjectKey& key, WantedState wanted,
                                         const WriteOptions& options);
  Task<Result<ObjectPtr>> update(const crd::ResourceInfo& resource, const ObjectKey& key, const WantedState& wanted,
                                 const WriteOptions& options, bool status);
  Task<Result<ObjectPtr>> remove_once(const crd::ResourceInfo& resource, const ObjectKey& key,
                                      const DeletePreconditions& preconditions, bool dry_run,
                                      Propagation propagation);

  const crd::Scheme& scheme_;
  storage::Store& store_;
  base::Clock& clock_;
  QuotaLedger quotas_;
  std::mt19937_64 random_;
};

}  // namespace berth::api
