#pragma once

#include "api/client/client.h"

namespace berth::api {

// The in-process client. Writes as `actor`; reads come from the store's memory.
class LocalClient final : public Client {
 public:
  LocalClient(Registry& registry, Actor actor) : registry_(registry), actor_(actor) {}

  Task<Result<ObjectPtr>> get(const crd::ResourceInfo& resource, ObjectKey key) override;
  Task<Result<ListResult>> list_part(const crd::ResourceInfo& resource, ObjectKey part) override;
  Task<Result<std::unique_ptr<Watcher>>> watch_part(const crd::ResourceInfo& resource, ObjectKey part,
                                                    storage::Revision from) override;
  Task<Result<ObjectPtr>> create(const crd::ResourceInfo& resource, std::string ns, json body,
                                 WriteOptions options) override;
  Task<Result<ObjectPtr>> replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                  WriteOptions options) override;
  Task<Result<ObjectPtr>> update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                        WriteOptions options) override;
  Task<Result<ObjectPtr>> remove(const crd::ResourceInfo& resource, ObjectKey key,
                                 DeletePreconditions preconditions) override;
  Registry& registry() { return registry_; }

 private:
  Registry& registry_;
  Actor actor_;
};

}  // namespace berth::api
