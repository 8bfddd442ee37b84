#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/registry.h"
#include "base/task.h"
#include "crd/object.h"

namespace berth::api {

// How everything outside the server reads and writes objects: controllers and sources in process (LocalClient), berthctl
// over HTTP (HttpClient). `resource` is a ResourceInfo of the Scheme both sides share. Loop thread only.
// Errors: those of Registry; HttpClient adds ServiceUnavailable (cannot connect; the message names the server), Unauthorized,
// Timeout.
class Client {
 public:
  virtual ~Client() = default;
  virtual Task<Result<ObjectPtr>> get(const crd::ResourceInfo& resource, ObjectKey key) = 0;
  // ns "" = all namespaces.
  virtual Task<Result<ListResult>> list(const crd::ResourceInfo& resource, std::string ns) = 0;
  virtual Task<Result<std::unique_ptr<Watcher>>> watch(const crd::ResourceInfo& resource, std::string ns,
                                                       storage::Revision from) = 0;
  // The same of one object, or of none where there is none.
  virtual Task<Result<ListResult>> list_one(const crd::ResourceInfo& resource, ObjectKey key) = 0;
  virtual Task<Result<std::unique_ptr<Watcher>>> watch_one(const crd::ResourceInfo& resource, ObjectKey key,
                                                           storage::Revision from) = 0;
  virtual Task<Result<ObjectPtr>> create(const crd::ResourceInfo& resource, std::string ns, json body,
                                         WriteOptions options) = 0;
  virtual Task<Result<ObjectPtr>> replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                          WriteOptions options) = 0;
  virtual Task<Result<ObjectPtr>> update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                                WriteOptions options) = 0;
  virtual Task<Result<ObjectPtr>> remove(const crd::ResourceInfo& resource, ObjectKey key,
                                         DeletePreconditions preconditions) = 0;
};

}  // namespace berth::api
