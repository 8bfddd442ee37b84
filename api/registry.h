#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "api/storage/store.h"
#include "base/clock.h"
#include "crd/scheme.h"

namespace berth::api {

enum class FieldValidation { Strict, Warn, Ignore };

// Who writes. Allocation fields of status (network, services[].ports, endpoints, env) and berth's finalizer are written
// by System alone; a User's write keeps what is stored there.
enum class Actor { User, System };

struct WriteOptions {
  FieldValidation field_validation = FieldValidation::Warn;
  std::string field_manager = "unknown";
  bool dry_run = false;
  Actor actor = Actor::User;
  std::vector<std::string>* warnings = nullptr;  // receives Warn's texts: unknown field "spec.imagge"
};

struct DeletePreconditions {
  std::optional<std::string> uid;
  std::optional<std::uint64_t> revision;
};

// A change as a watcher of the API sees it.
using storage::ListResult;
using storage::Watcher;

// THE ONE WRITE PATH. Object in, checked and stamped Object committed: prune, strict check, default, validate, rules,
// then uid, creationTimestamp, generation, finalizers, name from generateName. Sources, HTTP and controllers all come
// through here. Loop thread only.
//
// Errors of all writes: BadRequest (wrong kind or apiVersion, name or namespace that contradict the key, strict decoding),
// Invalid with causes (schema or rules), Conflict (stale resourceVersion), NotFound, AlreadyExists; messages are the ones
// of a Kubernetes API server for a custom resource.
class Registry {
 public:
  Registry(const crd::Scheme& scheme, storage::Store& store, base::Clock& clock);

  const crd::Scheme& scheme() const { return scheme_; }
  storage::Store& store() { return store_; }

  // Missing: NotFound.
  Result<ObjectPtr> get(const crd::ResourceInfo& resource, const ObjectKey& key) const;
  ListResult list(const crd::ResourceInfo& resource, const std::string& ns) const;
  Result<std::unique_ptr<Watcher>> watch(const crd::ResourceInfo& resource, const std::string& ns,
                                         storage::Revision from);

  // The namespace is created on first use when it is missing (berth has no namespace ceremony).
  Task<Result<ObjectPtr>> create(const crd::ResourceInfo& resource, std::string ns, json body, WriteOptions options);
  // PUT. Requires metadata.resourceVersion in `body`. Status is kept from the store. Identical: no write, same revision.
  // An update that removes the last finalizer of a deleting object deletes it.
  Task<Result<ObjectPtr>> replace(const crd::ResourceInfo& resource, ObjectKey key, json body, WriteOptions options);
  // Only .status (and the resourceVersion check, when one is given) is taken from `body`.
  Task<Result<ObjectPtr>> update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                        WriteOptions options);
  // With finalizers: sets deletionTimestamp, generation+1, answers the object. Without: gone, answers its last state
  // (then deleting() is false). A second call on a deleting object changes nothing and answers it.
  Task<Result<ObjectPtr>> remove(const crd::ResourceInfo& resource, ObjectKey key, DeletePreconditions preconditions,
                                 bool dry_run = false);
  // System only: takes `finalizer` off; the last one of a deleting object deletes it. Missing object or finalizer: success.
  Task<Result<void>> remove_finalizer(const crd::ResourceInfo& resource, ObjectKey key, std::string uid,
                                      std::string finalizer);

 private:
  const crd::Scheme& scheme_;
  storage::Store& store_;
  base::Clock& clock_;
  std::mt19937_64 random_;
};

}  // namespace berth::api
