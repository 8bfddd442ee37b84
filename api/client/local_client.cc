#include "api/client/local_client.h"

namespace berth::api {

Task<Result<ObjectPtr>> LocalClient::get(const crd::ResourceInfo& resource, ObjectKey key) {
  co_return registry_.get(resource, key);
}

Task<Result<ListResult>> LocalClient::list_part(const crd::ResourceInfo& resource, ObjectKey part) {
  co_return registry_.list_part(resource, part);
}

Task<Result<std::unique_ptr<Watcher>>> LocalClient::watch_part(const crd::ResourceInfo& resource, ObjectKey part,
                                                               storage::Revision from) {
  co_return registry_.watch_part(resource, part, from);
}

Task<Result<ObjectPtr>> LocalClient::create(const crd::ResourceInfo& resource, std::string ns, json body,
                                            WriteOptions options) {
  options.actor = actor_;
  co_return co_await registry_.create(resource, std::move(ns), std::move(body), std::move(options));
}

Task<Result<ObjectPtr>> LocalClient::replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                             WriteOptions options) {
  options.actor = actor_;
  co_return co_await registry_.replace(resource, std::move(key), std::move(body), std::move(options));
}

Task<Result<ObjectPtr>> LocalClient::update_status(const crd::ResourceInfo& resource, ObjectKey key,
                                                   json body, WriteOptions options) {
  options.actor = actor_;
  co_return co_await registry_.update_status(resource, std::move(key), std::move(body), std::move(options));
}

Task<Result<ObjectPtr>> LocalClient::remove(const crd::ResourceInfo& resource, ObjectKey key,
                                            DeletePreconditions preconditions) {
  co_return co_await registry_.remove(resource, std::move(key), std::move(preconditions), false);
}

}  // namespace berth::api
