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
  // What is in the part's namespace and has its name; "" of either = all.
  virtual Task<Result<ListResult>> list_part(const crd::ResourceInfo& resource, ObjectKey part) = 0;
  virtual Task<Result<std::unique_ptr<Watcher>>> watch_part(const crd::ResourceInfo& resource, ObjectKey part,
                                                            storage::Revision from) = 0;
  Task<Result<ListResult>> list(const crd::ResourceInfo& resource, std::string ns) {
    return list_part(resource, ObjectKey{std::move(ns), ""});
  }
  Task<Result<std::unique_ptr<Watcher>>> watch(const crd::ResourceInfo& resource, std::string ns, storage::Revision from) {
    return watch_part(resource, ObjectKey{std::move(ns), ""}, from);
  }
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
